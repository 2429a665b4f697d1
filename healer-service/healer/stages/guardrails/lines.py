"""The lines a change adds and takes away. It gives up on texts that would take minutes to compare."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass

from healer.model import Change

_MOST_PAIRS = 1_000_000  # of equal lines, which is what the comparison's time grows with


class TooHard(Exception):
    """The two texts are too alike to be compared in reasonable time."""


@dataclass(frozen=True)
class Lines:
    """(number, text) each; numbers count from 1, in the old text for what is removed, in the new one for the rest."""

    added: tuple[tuple[int, str], ...]
    removed: tuple[tuple[int, str], ...]


def lines_of(change: Change) -> Lines:
    """Raises TooHard."""
    old, new = change.before.split("\n"), change.after.split("\n")
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    there = Counter(right)
    if sum(count * there[text] for text, count in Counter(left).items()) > _MOST_PAIRS:
        raise TooHard
    added: list[tuple[int, str]] = []
    removed: list[tuple[int, str]] = []
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag != "equal":
            removed += [(start + index + 1, left[index]) for index in range(old_from, old_to)]
            added += [(start + index + 1, right[index]) for index in range(new_from, new_to)]
    return Lines(_without_last(added, len(new)), _without_last(removed, len(old)))


def _without_last(lines: list[tuple[int, str]], count: int) -> tuple[tuple[int, str], ...]:
    """What follows the last line feed is a line only where there is something."""
    return tuple((number, text) for number, text in lines if text or number != count)
