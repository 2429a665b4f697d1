"""The code blocks of a text in Markdown, as models write it: loosely. It does not read what is in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_OPENING = re.compile(
    r"^(?P<lead>[ \t>]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`~\n]*)$"
)
_LATE_OPENING = re.compile(r"^(?P<lead>[^`]*[^`\s])[ \t]*(?P<fence>```)[ \t]*(?P<info>[A-Za-z0-9]*)$")
_LANGUAGES = ("py", "python", "python3", "diff", "json", "text", "patch", "")
_CODE = re.compile(r"@|(?:async def|def|class|import|from)\b")
MOST_BLOCKS = 8


@dataclass(frozen=True)
class Block:
    info: str  # the first word behind the fence, in lower case
    code: str
    closed: bool
    start: int  # line of the text, from 0


def blocks(text: str) -> list[Block]:
    """Those at the start of the text, in order."""
    lines = text.split("\n")
    found: list[Block] = []
    index = 0
    while index < len(lines) and len(found) < MOST_BLOCKS:
        opening = _OPENING.match(lines[index]) or _late(lines[index])
        if opening is None:
            index += 1
            continue
        block, index = _block(lines, index, opening)
        found.append(block)
    return found


def _late(line: str) -> re.Match[str] | None:
    """A fence at the end of a line of prose."""
    found = _LATE_OPENING.match(line) if line.count("```") == 1 else None
    return found if found is not None and found["info"].lower() in _LANGUAGES else None


def _block(lines: Sequence[str], first: int, opening: re.Match[str]) -> tuple[Block, int]:
    """A block and the line behind it. Fences inside a string do not close it, unless nothing else does."""
    fence, lead = opening["fence"], opening["lead"]
    info, _, rest = opening["info"].strip().partition(" ")
    head = [rest.strip()] if _CODE.match(rest.strip()) else []
    quoted = lead.lstrip().startswith(">")
    indent = 0 if quoted or lead.strip(" \t") else len(lead)
    seen_inside: int | None = None
    quotes = {'"""': 0, "'''": 0}
    for index in range(first + 1, len(lines)):
        line = _unquoted(lines[index]) if quoted else lines[index]
        ends = _closes(line, fence)
        if ends is not None:
            if not any(count % 2 for count in quotes.values()):
                return _made(info, [*head, *_body(lines, first, index, quoted), *ends], True, first, indent), index + 1
            seen_inside = index if seen_inside is None else seen_inside
        elif _reopens(line, fence):
            return _made(info, [*head, *_body(lines, first, index, quoted)], True, first, indent), index
        for mark in quotes:
            quotes[mark] += line.count(mark)
    if seen_inside is not None:
        return _made(info, [*head, *_body(lines, first, seen_inside, quoted)], True, first, indent), seen_inside + 1
    return _made(info, [*head, *_body(lines, first, len(lines), quoted)], False, first, indent), len(lines)


def _body(lines: Sequence[str], first: int, last: int, quoted: bool) -> list[str]:
    return [_unquoted(line) if quoted else line for line in lines[first + 1 : last]]


def _unquoted(line: str) -> str:
    return re.sub(r"^\s*> ?", "", line)


def _closes(line: str, fence: str) -> list[str] | None:
    """What the closing line holds before the fence; None when it closes nothing."""
    bare = line.strip()
    if len(bare) >= len(fence) and not bare.strip(fence[0]):
        return []
    if bare.startswith(fence) and bare[len(fence)] == " " and not _reopens(line, fence):
        return []  # prose right behind it
    if bare.endswith(fence) and bare.count(fence) == 1:
        return [line.rstrip().removesuffix(fence)]
    return None


def _reopens(line: str, fence: str) -> bool:
    """A new fence with a language where the one before was never closed."""
    found = _OPENING.match(line)
    return found is not None and found["fence"] == fence and found["info"].strip().lower() in _LANGUAGES[:-1]


def _made(info: str, lines: Sequence[str], closed: bool, start: int, indent: int) -> Block:
    """Without the indentation of the fence, which is not the code's."""
    own = [line[min(indent, len(line) - len(line.lstrip())) :] for line in lines]
    return Block(info.lower().strip("{}."), "\n".join(own), closed, start)
