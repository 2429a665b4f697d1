"""Changes that came as a diff or as search and replace blocks, applied to lines by their context.

It does not look at what the lines say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SEARCH = re.compile(r"^\s*<{5,9}\s*(SEARCH|ORIGINAL|HEAD|BEFORE)?\b.*$", re.I)
_MIDDLE = re.compile(r"^\s*={5,9}\s*$")
_REPLACE = re.compile(r"^\s*>{5,9}\s*(REPLACE|UPDATED|AFTER|\w*)?.*$", re.I)
_AT = re.compile(r"^@@.*$")
_FILE = re.compile(r"^(diff --git |index [0-9a-f]|--- |\+\+\+ |new file|old mode|new mode)")


class NoContext(Exception):
    """The message says what could not be found, or was found twice."""


@dataclass(frozen=True)
class Hunk:
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def only_adds(self) -> bool:
        return not any(line.strip() for line in self.old) or set(self.old) <= set(self.new)


def is_diff(code: str, info: str = "") -> bool:
    lines = [line for line in code.split("\n") if line.strip()]
    signed = [line for line in lines if line[0] in "+-"]
    if not signed:
        return False
    if info in ("diff", "patch") or any(_AT.match(line) for line in lines):
        return True
    return (len(signed) > 1 and all(line[0] in "+- " for line in lines)) or all(line.startswith("+") for line in lines)


def is_search(text: str) -> bool:
    return bool(re.search(r"^[ \t]*<{5,9}[ \t]*(SEARCH|ORIGINAL|HEAD|BEFORE)\b", text, re.M | re.I))


def of_diff(code: str) -> list[Hunk]:
    """Models forget the blank before a line of context; such a line stands for itself."""
    parts: list[list[str]] = [[]]
    for line in code.split("\n"):
        if _AT.match(line):
            parts.append([])
        elif not _FILE.match(line) and not line.startswith("\\"):
            parts[-1].append(line)
    hunks = []
    for part in parts:
        context = [line for line in part if line.strip() and line[0] not in "+-"]
        blank = all(line.startswith(" ") for line in context)
        bare = [(line[:1], line[1:]) if line[:1] in ("+", "-") else (" ", line[1:] if blank else line) for line in part]
        old = tuple(text for sign, text in bare if sign != "+")
        new = tuple(text for sign, text in bare if sign != "-")
        if old != new:
            hunks.append(Hunk(old, new))
    return hunks


def of_search(text: str) -> list[Hunk]:
    hunks: list[Hunk] = []
    old: list[str] = []
    new: list[str] = []
    place: list[str] | None = None
    for line in text.split("\n"):
        if _SEARCH.match(line) and place is None:
            old, new = [], []
            place = old
        elif _MIDDLE.match(line) and place is old:
            place = new
        elif place is new and _REPLACE.match(line) and line.lstrip().startswith(">>>>>"):
            hunks.append(Hunk(tuple(old), tuple(new)))
            place = None
        elif place is not None:
            place.append(line)
    return hunks


def applied(lines: Sequence[str], hunks: Sequence[Hunk]) -> list[str]:
    found = list(lines)
    for hunk in hunks:
        found = _one(found, hunk)
    return found


def _one(lines: list[str], hunk: Hunk) -> list[str]:
    """Blank lines and the depth of the indentation do not count in the comparison."""
    wanted = [line.strip() for line in hunk.old if line.strip()]
    if not wanted:
        raise NoContext("it does not say where its lines belong")
    filled = [number for number, line in enumerate(lines) if line.strip()]
    texts = [lines[number].strip() for number in filled]
    starts = [index for index in range(len(texts) - len(wanted) + 1) if texts[index : index + len(wanted)] == wanted]
    if len(starts) != 1:
        problem = "is not in the function" if not starts else "is in the function more than once"
        raise NoContext(f"the text it replaces, `{wanted[0][:60]}`, {problem}")
    first, last = filled[starts[0]], filled[starts[0] + len(wanted) - 1]
    shown = next(line for line in hunk.old if line.strip())
    return [*lines[:first], *_shifted(hunk.new, _margin(shown), _margin(lines[first])), *lines[last + 1 :]]


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _shifted(lines: Sequence[str], shown: str, wanted: str) -> list[str]:
    found = []
    for line in lines:
        if not line.strip():
            found.append("")
        elif line.startswith(shown):
            found.append(wanted + line[len(shown) :])
        else:
            found.append(wanted[: len(_margin(line))] + line.lstrip())
    while found and not found[0]:
        found.pop(0)
    while found and not found[-1]:
        found.pop()
    return found
