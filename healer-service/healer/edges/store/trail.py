"""Finds events for people: the newest first, in pages, or all of them, oldest first. It trusts no row, as audit.py.

The log is read in stretches of ids: no search holds a connection for long, however much it has to read through.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Text, cast, func, or_, select

from healer.edges.store import tables
from healer.edges.store.database import stamp
from healer.edges.store.tail import STORED
from healer.model import BadInput

IDS_AT_ONCE = 10_000  # that are searched between two looks at the clock
ROWS_AT_ONCE = 1000
SECONDS = 1.0  # that a page is searched for
MOST_TYPES = 500

_EVENT = tables.events.c
_WHOLE_ID = re.compile(r"[0-9a-f]{12}")  # of an incident
_PAYLOAD = cast(_EVENT.payload, Text)
# Each is looked up; asked for together, SQLite reads a whole index.
_ENDS = select(select(func.min(_EVENT.id)).scalar_subquery(), select(func.max(_EVENT.id)).scalar_subquery())


@dataclass(frozen=True)
class EventFilter:
    """Which events; what is left empty lets all of them through."""

    types: tuple[str, ...] = ()
    key: str = ""  # or its beginning
    by: str = ""  # who did it
    since: str = ""  # from then on, and
    until: str = ""  # before then: times as the log writes them
    text: str = ""  # anywhere in type, key or payload, in any case

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.types:
            found.append(_EVENT.type.in_(self.types))
        if self.key:
            # A whole id is looked up; only for the beginning of one is the log read through.
            beginning = _EVENT.key.startswith(self.key, autoescape=True)
            found.append(_EVENT.key == self.key if _WHOLE_ID.fullmatch(self.key) else beginning)
        if self.by:
            # In the text, for a payload that is no JSON would end the whole query. A quote within a text is written \".
            found.append(_PAYLOAD.icontains(f'"by": {json.dumps(self.by)}', autoescape=True))
        if self.since:
            found.append(_EVENT.timestamp >= self.since)
        if self.until:
            found.append(_EVENT.timestamp < self.until)
        if self.text:
            written = json.dumps(self.text)[1:-1]  # as it stands in a payload
            plain = (column.icontains(self.text, autoescape=True) for column in (_EVENT.type, _EVENT.key))
            found.append(or_(*plain, _PAYLOAD.icontains(written, autoescape=True)))
        return found


EVERYTHING = EventFilter()


@dataclass(frozen=True)
class TrailPage:
    events: list[dict[str, Any]]  # the newest first
    next: int | None  # what to give as `before` for the page after it; None at the end
    reached: str | None  # how far back was looked, when that took too long to go on; then there may be few events


class Trail:
    """`snapshot` opens one state of the database; none is held longer than it takes to read a page."""

    def __init__(self, snapshot: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._snapshot = snapshot

    def page(self, wanted: EventFilter, before: int | None, limit: int) -> TrailPage:
        query = STORED.where(*wanted.conditions()).order_by(None).order_by(_EVENT.id.desc())
        over = time.monotonic() + SECONDS
        rows: list[RowMapping] = []
        with self._snapshot() as connection:
            first, last = _bounds(connection)
            end = last if before is None else min(last, before - 1)
            # Below the first there is nothing, and Postgres is not asked for a number that its column cannot hold.
            upto = _nearest(connection, func.max, _EVENT.id <= end) if end >= first else None
            while upto is not None and upto >= first:
                start = max(first, upto - IDS_AT_ONCE + 1)
                stretch = query.where(_EVENT.id.between(start, upto)).limit(limit + 1 - len(rows))
                rows += connection.execute(stretch).mappings()
                if len(rows) > limit:
                    return TrailPage([_plain(row) for row in rows[:limit]], rows[limit - 1]["id"], None)
                upto = _nearest(connection, func.max, _EVENT.id < start, _EVENT.id >= first)
                if upto is not None and time.monotonic() > over:
                    reached = connection.execute(select(_EVENT.timestamp).where(_EVENT.id == upto)).scalar_one()
                    return TrailPage([_plain(row) for row in rows], upto + 1, str(reached))
        return TrailPage([_plain(row) for row in rows], None, None)

    def all(self, wanted: EventFilter = EVERYTHING) -> Iterator[dict[str, Any]]:
        """Oldest first, as far as the log goes now. Who reads slowly holds up nothing."""
        query = STORED.where(*wanted.conditions()).limit(ROWS_AT_ONCE)
        with self._snapshot() as connection:
            first, last = _bounds(connection)
            after = _nearest(connection, func.min, _EVENT.id >= first)
        while after is not None and after <= last:
            end = min(last, after + IDS_AT_ONCE - 1)
            with self._snapshot() as connection:
                rows = connection.execute(query.where(_EVENT.id.between(after, end))).mappings().all()
                done = rows[-1]["id"] if len(rows) == ROWS_AT_ONCE else end
                after = _nearest(connection, func.min, _EVENT.id > done)
            for row in rows:
                yield _plain(row)

    def types(self) -> list[str]:
        """All there are, in order. Each is looked up by the one before it: a list of them would read the whole log."""
        found: list[str] = []
        with self._snapshot() as connection:
            while len(found) < MOST_TYPES:
                query = select(func.min(_EVENT.type))
                following = connection.execute(query.where(_EVENT.type > found[-1]) if found else query).scalar()
                if following is None:
                    break
                found.append(str(following))
        return found


def _bounds(connection: Connection) -> tuple[int, int]:
    """The first and the last id. Times narrow nothing here: one that was changed would hide what stands beside it."""
    first, last = connection.execute(_ENDS).one()
    return (1, 0) if first is None else (first, last)


def _nearest(connection: Connection, end: Callable[..., Any], *conditions: ColumnElement[bool]) -> int | None:
    """The id at one end of those that fit; ids that somebody changed may be far apart."""
    found: int | None = connection.execute(select(end(_EVENT.id)).where(*conditions)).scalar()
    return found


def moment(given: str, field: str) -> str:
    """As the log writes it, so that text compares like time. Raises BadInput."""
    if not given:
        return ""
    try:
        found = datetime.fromisoformat(given)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        said = given[:40]
        raise BadInput(f"{field}: {said!r} is no time; write for example 2026-01-31 or 2026-01-31T08:00Z") from None
    return stamp(found)


def parsed(payload: Any) -> Any:
    """A payload that is no JSON is shown as it is: nothing is left out."""
    try:
        return json.loads(payload, parse_float=_finite, parse_constant=_finite)
    except (TypeError, ValueError, RecursionError):
        return payload if isinstance(payload, str) else repr(payload)


def _finite(text: str) -> float:
    """Python reads and writes numbers that JSON does not know."""
    if math.isfinite(value := float(text)):
        return value
    raise ValueError(text)


def _plain(row: RowMapping) -> dict[str, Any]:
    columns = {
        name: value if value is None or isinstance(value, int | str) else repr(value) for name, value in row.items()
    }
    return {**columns, "payload": parsed(row["payload"])}
