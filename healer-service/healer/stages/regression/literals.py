"""Values as Python source, in a repository's quotes and broken into lines as black does.

Whatever comes from a report ends up inside a quoted literal here; nothing else of it becomes source.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, replace

DEEPEST = 12  # levels of a value; a test that needs more tells nobody anything
_PLAIN_LETTERS = 0x250  # the end of the Latin blocks; what follows may look like something else, or not show at all


class Unwritable(Exception):
    """The test cannot be written; the text says why."""


@dataclass(frozen=True)
class Group:
    """Something in brackets, which may be broken into lines; `opening` and `closing` hold what stands around, too."""

    opening: str
    items: tuple[Piece, ...]
    closing: str


Piece = str | Group


@dataclass(frozen=True)
class Name:
    """An expression of ours in a place where a value would stand."""

    source: str


@dataclass(frozen=True)
class Text:
    """A string some parts of which are the values of names."""

    parts: tuple[str | Name, ...]


@dataclass(frozen=True)
class Page:
    """How a file is written: its quote, the unit of its indentation, and where its lines end."""

    quote: str = '"'
    unit: str = "    "
    width: int = 88


def around(before: str, piece: Piece, after: str = "") -> Piece:
    if isinstance(piece, str):
        return before + piece + after
    return replace(piece, opening=before + piece.opening, closing=piece.closing + after)


def flat(piece: Piece) -> str:
    if isinstance(piece, str):
        return piece
    return piece.opening + ", ".join(flat(item) for item in piece.items) + piece.closing


def laid_out(piece: Piece, page: Page, indent: str, tail: str = "") -> str:
    """Without the indentation of its first line. `tail` follows on the last."""
    line = flat(piece) + tail
    if isinstance(piece, str) or not piece.items or len(indent) + len(line) <= page.width:
        return line
    inner = indent + page.unit
    within = ", ".join(flat(item) for item in piece.items)
    if len(inner) + len(within) <= page.width:
        body = f"{inner}{within}\n"
    else:
        comma = "," if len(piece.items) > 1 else ""
        body = "".join(f"{inner}{laid_out(item, page, inner, comma)}\n" for item in piece.items)
    return f"{piece.opening}\n{body}{indent}{piece.closing}{tail}"


def quoted(text: str, quote: str) -> str:
    return _marked(text, _mark_for(text, quote))


def _mark_for(text: str, quote: str) -> str:
    other = "'" if quote == '"' else '"'
    return other if quote in text and other not in text else quote


def _marked(text: str, mark: str) -> str:
    return mark + "".join(_shown(character, mark) for character in text) + mark


def _shown(character: str, mark: str) -> str:
    if character in ("\\", mark):
        return "\\" + character
    if character.isprintable() and ord(character) < _PLAIN_LETTERS and not unicodedata.combining(character):
        return character
    return character.encode("unicode_escape").decode("ascii")


def written(value: object, quote: str, depth: int = 0) -> Piece:
    """Raises Unwritable for what has no literal."""
    if depth > DEEPEST:
        raise Unwritable("a value is nested too deeply")
    if isinstance(value, Name):
        return value.source
    if isinstance(value, Text):
        return _formatted(value, quote)
    if isinstance(value, str):
        return quoted(value, quote)
    if value is None or isinstance(value, (bool, bytes)):
        return repr(value)
    if isinstance(value, (int, float)):
        return _number(value)
    return _collected(value, quote, depth + 1)


def _number(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        raise Unwritable("a number is not finite")
    if isinstance(value, int) and value.bit_length() > 1000:
        raise Unwritable("a number is too large")
    return repr(value)


def _collected(value: object, quote: str, depth: int) -> Piece:
    if isinstance(value, dict):
        entries = [
            around(f"{flat(written(key, quote, depth))}: ", written(item, quote, depth)) for key, item in value.items()
        ]
        return Group("{", tuple(entries), "}")
    if isinstance(value, list):
        return Group("[", tuple(written(item, quote, depth) for item in value), "]")
    if isinstance(value, tuple):
        inside = tuple(written(item, quote, depth) for item in value)
        return Group("(", inside, ")") if len(inside) != 1 else around("(", inside[0], ",)")
    if isinstance(value, (set, frozenset)) and value:
        inside = tuple(sorted((written(item, quote, depth) for item in value), key=flat))
        made = Group("{", inside, "}")
        return made if isinstance(value, set) else Group("frozenset(", (made,), ")")
    raise Unwritable(f"{type(value).__name__} has no literal")


def _formatted(text: Text, quote: str) -> str:
    mark = _mark_for("".join(part for part in text.parts if isinstance(part, str)), quote)
    shown = [
        "{" + part.source + "}"
        if isinstance(part, Name)
        else _marked(part, mark)[1:-1].replace("{", "{{").replace("}", "}}")
        for part in text.parts
    ]
    return f"f{mark}{''.join(shown)}{mark}"
