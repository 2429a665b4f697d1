"""Python as small models garble it, made readable again: prompts, line numbers, entities, typography, indentation.

A repair is offered only where the text is no Python without it; whether it is right, the reader must see.
"""

from __future__ import annotations

import ast
import html
import re
import textwrap
from collections.abc import Callable, Iterator

from healer.syntax.parsing import parse

_NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
_ABOVE = "if 'all of this is indented':\n"
_NUMBERED = re.compile(r"^\s*(\d{1,4})(?:\s?[:|.)]|\s*│)(?: |$)?")
_PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.)(?: |$)")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NOTHING = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_MARKS = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "×": "*", "≤": "<=", "≥": ">=", "≠": "!=", "→": "->"}
    | {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
)
_QUOTES = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "‘": "'", "’": "'", "‚": "'", "`": "'", "´": "'"}
)


def tree_of(code: str) -> ast.Module | None:
    """None when the text is no Python."""
    try:
        return parse(code)
    except _NOT_PYTHON:
        return None


def mended(code: str) -> tuple[str, ast.Module] | None:
    """The text with the fewest repairs that make it Python, and its tree."""
    for text in _attempts(code):
        tree = tree_of(text)
        if tree is None:
            continue
        first = tree.body[0] if tree.body else None
        if text.startswith(_ABOVE) and isinstance(first, ast.If):
            tree.body[:1] = first.body
        return text, tree
    return None


def _attempts(code: str) -> Iterator[str]:
    """The text itself, then with one repair after the other, then with its indentation set right."""
    yield from _standing(code)
    for repair in (
        _without_prompts,
        _without_numbers,
        _plain_spaces,
        html.unescape,
        _plain_marks,
        _plain_quotes,
    ):
        changed = repair(code)
        if changed != code:
            code = changed
            yield from _standing(code)
    for straighten in _STRAIGHTENINGS:
        changed = straighten(code)
        if changed != code:
            yield changed


def _standing(code: str) -> Iterator[str]:
    """An indented text gets something to stand under; to take its indentation away would change what strings hold."""
    yield code
    if code.lstrip("\n")[:1] in (" ", "\t"):
        yield _ABOVE + code


def _without(code: str, pattern: re.Pattern[str], share: float) -> str:
    """Without what the pattern finds at the start of lines, where it is on most of them."""
    lines = code.split("\n")
    filled = [line for line in lines if line.strip()]
    if not filled or sum(bool(pattern.match(line)) for line in filled) < share * len(filled):
        return code
    return textwrap.dedent("\n".join(pattern.sub("", line, count=1) for line in lines))


def _without_prompts(code: str) -> str:
    return _without(code, _PROMPT, 0.5) if ">>>" in code else code


def _without_numbers(code: str) -> str:
    return _without(code, _NUMBERED, 0.8)


def _plain_spaces(code: str) -> str:
    return _NOTHING.sub("", _SPACES.sub(" ", code))


def _plain_marks(code: str) -> str:
    return code.translate(_MARKS)


def _plain_quotes(code: str) -> str:
    return code.translate(_QUOTES)


def _decorator_apart(code: str) -> str:
    """A decorator lost its indentation, the rest kept it."""
    first, _, rest = code.strip("\n").partition("\n")
    return f"{first.strip()}\n{textwrap.dedent(rest)}" if first.lstrip().startswith("@") else code


def _header_apart(code: str) -> str:
    """The header stands where its block does."""
    first, _, rest = code.strip("\n").partition("\n")
    if not first.rstrip().endswith(":") or rest.lstrip("\n")[:1] in (" ", "\t"):
        return code
    return f"{first.strip()}\n{textwrap.indent(rest, '    ')}"


def _even(code: str) -> str:
    """Lines that go back to a column where nothing began go back to the nearest one where something did; a line
    halfway between two could belong to either.
    """
    levels = [0]
    found = []
    depth = 0
    after_colon = False
    for line in code.split("\n"):
        text = line.strip()
        if not text or depth > 0:
            found.append(line)
        else:
            column = len(line) - len(line.lstrip())
            if after_colon and column > levels[-1]:
                levels.append(column)
            else:
                nearest, *others = sorted(levels, key=lambda level: abs(level - column))
                if others and abs(others[0] - column) == abs(nearest - column):
                    return code
                column = nearest
                levels = [level for level in levels if level <= nearest]
            found.append(" " * column + text)
            after_colon = text.partition("#")[0].rstrip().endswith(":")
        depth = max(depth + sum(map(text.count, "([{")) - sum(map(text.count, ")]}")), 0)
    return "\n".join(found)


_STRAIGHTENINGS: tuple[Callable[[str], str], ...] = (
    lambda code: textwrap.dedent(code.expandtabs(4)),
    lambda code: textwrap.dedent(code.expandtabs(8)),
    _decorator_apart,
    _header_apart,
    lambda code: _even(code.expandtabs(4)),
)
