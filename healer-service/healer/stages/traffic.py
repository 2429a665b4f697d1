"""What recorded good traffic is answered before and after a patch: the same status, and a body of the same shape.

It sends nothing. What differs between two runs of the same code is no difference that a patch made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from healer.model import Difference, Exchange, Replay, Request

MOST = 20  # differences that are listed; those that matter come first
_DEEPEST = 12
_SHOWN = 40  # characters of a value


@dataclass(frozen=True)
class _Found:
    number: int  # of the exchange
    where: str  # "status", "type" or the JSON pointer in the body
    what: str
    matters: bool


def differences(
    requests: Sequence[Request], before: Replay, after: Replay, again: Callable[[], Replay]
) -> tuple[Difference, ...]:
    """In the answers to all requests but the last, which is the failing one.

    `again` replays them on the code as it was, and is called only where something differs: what the same code answers
    otherwise on the next run (a time, a random identifier) does not count.
    """
    found = list(_compared(before, after))
    if not found:
        return ()
    unsteady = {(one.number, one.where) for one in _compared(before, again())}
    kept = [one for one in found if not _within(one, unsteady)]
    kept.sort(key=lambda one: not one.matters)
    return tuple(Difference(requests[one.number].route, one.what, one.matters) for one in kept[:MOST])


def _within(one: _Found, unsteady: set[tuple[int, str]]) -> bool:
    """Whether it stands at or below a place that is unsteady."""
    return any(
        one.number == number and (one.where == where or one.where.startswith(where.rstrip("/") + "/"))
        for number, where in unsteady
    )


def _compared(before: Replay, after: Replay) -> Iterator[_Found]:
    pairs = zip(before.exchanges[:-1], after.exchanges[:-1], strict=False)
    for number, (old, new) in enumerate(pairs):
        if old.status != new.status:
            yield _Found(number, "status", f"status {old.status}, now {new.status}", True)
            continue
        if _kind(old) != _kind(new):
            yield _Found(number, "type", f"content type {_kind(old) or 'none'}, now {_kind(new) or 'none'}", True)
            continue
        for where, what, matters in _bodies(old.body, new.body):
            yield _Found(number, where, what, matters)


def _kind(exchange: Exchange) -> str:
    return exchange.headers.get("content-type", "").partition(";")[0].strip().lower()


def _bodies(old: str, new: str) -> Iterator[tuple[str, str, bool]]:
    if old == new:
        return
    try:
        pair = json.loads(old), json.loads(new)
    except (ValueError, RecursionError):
        if bool(old.strip()) != bool(new.strip()):
            yield "", "body: was " + ("empty" if not old.strip() else "not empty"), True
        else:
            yield "", f"body: {len(old)} characters, now {len(new)} others", False
        return
    yield from _values(pair[0], pair[1], "", 0)


def _values(old: Any, new: Any, where: str, depth: int) -> Iterator[tuple[str, str, bool]]:
    if depth > _DEEPEST:
        return
    place = where or "/"
    if _type(old) != _type(new):
        yield where, f"body: {place} is {_type(new)} where it was {_type(old)}", True
    elif isinstance(old, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            inside = f"{where}/{str(key)[:60]}"
            if key not in new:
                yield inside, f"body: {inside} is gone", True
            elif key not in old:
                yield inside, f"body: {inside} is new", True
            else:
                yield from _values(old[key], new[key], inside, depth + 1)
    elif isinstance(old, list):
        if len(old) != len(new):
            yield where, f"body: {place} has {len(new)} items where it had {len(old)}", bool(old) and not new
        for position, (one, other) in enumerate(zip(old, new, strict=False)):
            yield from _values(one, other, f"{where}/{position}", depth + 1)
    elif old != new:
        yield where, f"body: {place} is {_shown(new)} where it was {_shown(old)}", False


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if value is None:
        return "null"
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a text"


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
