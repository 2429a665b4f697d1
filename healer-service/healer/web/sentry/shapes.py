"""JSON of unknown shape, read as what it should be. Nothing here raises, whatever the JSON is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

SHORT, LONG = 1000, 100_000  # characters, as a report takes them
LARGEST_LINE = 10_000_000

FILTERED, REDACTED = "[Filtered]", "[redacted]"  # what SDKs and what the healer call it


def mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def pairs(value: object) -> Iterator[tuple[str, Any]]:
    """Headers, cookies and queries come as an object or as a list of pairs."""
    if isinstance(value, dict):
        yield from value.items()
    for one in items(value):
        if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str):
            yield one[0], one[1]


def text(value: object, longest: int = SHORT) -> str:
    """ "" for what is no text, except for numbers."""
    if isinstance(value, str):
        return value[:longest]
    return str(value) if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**18) else ""


def line_number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_LINE:
        return value
    return 0


def redacted(value: str) -> str:
    """With the healer's own word for what an SDK took out."""
    return value.replace(FILTERED, REDACTED)
