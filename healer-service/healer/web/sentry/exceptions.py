"""Which exception of an event is the crash, and which others belong to it. It does not look at code.

They are sent oldest cause first, as a rule; newer SDKs say by ids which one stands where, and what is a group.
"""

from __future__ import annotations

import asyncio
import binascii
import builtins
import concurrent.futures
import decimal
import json.decoder
import re
import sqlite3
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from healer.web.sentry.frames import frames_of
from healer.web.sentry.shapes import LONG, items, mapping, redacted, text

MOST = 10  # beside the crash itself
_MOST_LOOKED_AT = 50
MOST_FRAMES, _FRAMES_OF_OTHERS = 500, 100

_KNOWN = (builtins, json.decoder, decimal, asyncio, concurrent.futures, sqlite3, zoneinfo, binascii)
_BASES = {
    (kind.__module__, kind.__name__): [base.__name__ for base in kind.__mro__]
    for module in _KNOWN
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}
_MEMBER = re.compile(r"\w+\[\d+\]")  # exceptions[0], errors[1]
# Python's own wrapping (PEP 479), whose frames are none of the service's when it comes from a thread pool.
_LEFT_A_COROUTINE = "coroutine raised StopIteration"
_LONGEST_RAISE = 500  # characters that are looked at; the pattern takes their square
_RAISED_FROM = re.compile(r"\braise\b.*\bfrom\b")


@dataclass(frozen=True)
class Raised:
    """One of the event's exceptions."""

    given: dict[str, Any]
    frames: list[dict[str, Any]]
    python: bool

    @property
    def mechanism(self) -> dict[str, Any]:
        return mapping(self.given.get("mechanism"))

    @property
    def is_group(self) -> bool:
        return self.mechanism.get("is_exception_group") is True

    @property
    def is_member(self) -> bool:
        return bool(_MEMBER.fullmatch(text(self.mechanism.get("source"))))

    @property
    def in_app(self) -> bool:
        return any(frame["in_app"] for frame in self.frames)

    def belongs_to(self, group: Raised) -> bool:
        parent, own = self.mechanism.get("parent_id"), group.mechanism.get("exception_id")
        return self.is_member and self is not group and isinstance(own, int) and parent == own

    def document(self) -> dict[str, Any]:
        kind = text(self.given.get("type")) or "Error"
        module = text(self.given.get("module")) or None
        if not self.python:
            return {"type": kind, "module": module, "message": self._message(), "bases": []}
        name = kind.rpartition(".")[2] or kind
        bases = _BASES.get((module or "builtins", kind), [])
        return {"type": name, "module": module, "message": self._message(), "bases": bases}

    def _message(self) -> str:
        return redacted(text(self.given.get("value"), LONG))


@dataclass(frozen=True)
class Crash:
    main: Raised
    caught_by: dict[str, Any]  # the mechanism
    others: Sequence[tuple[str, Raised]]  # with what they are to it, the nearest first

    def chain(self) -> list[dict[str, Any]]:
        return [
            {"relation": relation, "exception": one.document(), "frames": one.frames[-_FRAMES_OF_OTHERS:]}
            for relation, one in self.others
        ]


def exceptions_of(event: dict[str, Any]) -> list[dict[str, Any]]:
    """As they were sent."""
    given = event.get("exception")
    values = items(mapping(given).get("values")) or items(given) or [given]
    return [one for one in values if isinstance(one, dict) and _says_something(one)][-_MOST_LOOKED_AT:]


def crash_of(event: dict[str, Any], *, python: bool) -> Crash | None:
    """None where the event tells of no exception."""
    raised = [_raised(one, python=python) for one in exceptions_of(event)]
    if not raised:
        return None
    if raised[0].mechanism.get("exception_id") != 0:  # some versions of some SDKs send them the other way round
        raised = raised[::-1]
    # From here on what was raised last comes first.
    caught_by = raised[0].mechanism
    if raised[0].given.get("value") == _LEFT_A_COROUTINE and len(raised) > 1:
        raised = raised[1:]
    main = _leaf(raised[0], raised)
    if not main.frames:
        main = Raised(main.given, _frames_elsewhere(event, raised, python=python), python)
        raised = [main if one.given is main.given else one for one in raised]
    others = [(_relation(one, by), one) for one, by in _nearest_first(main, raised)]
    return Crash(main, caught_by, others[:MOST])


def _says_something(value: dict[str, Any]) -> bool:
    return bool(text(value.get("type")) or text(value.get("value")))


def _raised(value: dict[str, Any], *, python: bool) -> Raised:
    return Raised(value, frames_of(value.get("stacktrace"), MOST_FRAMES, python=python), python)


def _leaf(root: Raised, raised: Sequence[Raised]) -> Raised:
    """Of a group the first member with frames of the service's own, else the first; what is no group is its own."""
    members, leaves, waiting = set(), [], [root]
    while waiting:
        one = waiting.pop(0)
        if id(one) in members:
            continue
        members.add(id(one))
        inside = [other for other in raised if one.is_group and other.belongs_to(one)]
        waiting = inside + waiting
        if not inside:
            leaves.append(one)
    return next((one for one in leaves if one.in_app), leaves[0] if leaves else root)


def _frames_elsewhere(event: dict[str, Any], raised: Sequence[Raised], *, python: bool) -> list[dict[str, Any]]:
    """Some SDKs leave the stack to the thread, to the event, or to another exception of the chain."""
    threads = [mapping(one) for one in items(mapping(event.get("threads")).get("values"))]
    crashed = [one for word in ("crashed", "current") for one in threads if one.get(word) is True]
    for stack in (*(one.get("stacktrace") for one in crashed), event.get("stacktrace")):
        if found := frames_of(stack, MOST_FRAMES, python=python):
            return found
    return next((one.frames for one in raised if one.frames), [])


def _nearest_first(main: Raised, raised: Sequence[Raised]) -> list[tuple[Raised, Raised]]:
    """All but the crash itself, each with the one that was raised after it: first what the crash came from."""
    at = next(place for place, one in enumerate(raised) if one is main)
    after = list(zip(raised[at + 1 :], raised[at:], strict=False))
    own = list(takewhile(lambda pair: not pair[0].is_member, after))
    before = list(zip(raised[:at], [raised[0], *raised], strict=False))
    return [*own, *before, *after[len(own) :]]


def _relation(one: Raised, raised_after: Raised) -> str:
    if one.is_group:
        return "group"
    if one.is_member:
        return "member"
    source = text(one.mechanism.get("source"))
    if source == "__context__":
        return "context"
    if source or not one.python:
        return "cause"
    line = raised_after.frames[-1]["source"] if raised_after.frames else ""
    return "cause" if _RAISED_FROM.search(line[:_LONGEST_RAISE]) else "context"
