"""Where a change alters a file, by lines. What the lines mean is not its matter."""

from __future__ import annotations

import difflib
from typing import NamedTuple

from healer.model import Change


class Span(NamedTuple):
    """An edit: the lines it takes away and those it puts there. Numbers count from 1, ends are exclusive."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def spans_of(change: Change) -> list[Span]:
    matcher = difflib.SequenceMatcher(None, change.before.split("\n"), change.after.split("\n"), autojunk=False)
    return [Span(a + 1, b + 1, c + 1, d + 1) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]


def size_of(change: Change) -> int:
    """Lines added and removed."""
    lines = difflib.unified_diff(change.before.splitlines(), change.after.splitlines(), lineterm="", n=0)
    return sum(1 for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))
