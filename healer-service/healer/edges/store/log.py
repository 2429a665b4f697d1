"""The event log: appended to, read by id, never changed. How it is chained is in chain.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import RowMapping, func, select

from healer.edges.store import tables
from healer.edges.store.database import Database
from healer.edges.store.group import GroupCommit, Line
from healer.model import Event

_EVENT = select(*(tables.events.c[item.name] for item in fields(Event)))
_TOKENS = "model.tokens"


def _event(row: RowMapping) -> Event:
    return Event(**row)


class Log:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._group = GroupCommit(database)

    def append(
        self,
        type: str,
        key: str,
        payload: Mapping[str, Any],
        *,
        trace_id: str,
        ui_hint: str,
        once: str | None = None,
    ) -> None:
        """Returns when the line is committed."""
        self._group.append(Line(type, key, payload, trace_id, ui_hint, once))

    def after(self, event_id: int, limit: int = 500, types: Iterable[str] | None = None) -> tuple[Event, ...]:
        """Oldest first; of all types, or of some."""
        query = _EVENT.where(tables.events.c.id > event_id).order_by(tables.events.c.id).limit(limit)
        if types is not None:
            query = query.where(tables.events.c.type.in_(sorted(types)))
        with self._database.reading() as transaction:
            return tuple(_event(row) for row in transaction.all(query))

    def of_key(self, key: str, limit: int = 500, types: Iterable[str] | None = None) -> tuple[Event, ...]:
        """The newest ones about one thing, oldest first; of all types, or of some."""
        columns = tables.events.c
        query = _EVENT.where(columns.key == key).order_by(columns.id.desc()).limit(limit)
        if types is not None:
            query = query.where(columns.type.in_(sorted(types)))
        with self._database.reading() as transaction:
            return tuple(reversed([_event(row) for row in transaction.all(query)]))

    def lines_of(self, key: str, most: int) -> tuple[tuple[Event, ...], int]:
        """The newest about one thing, oldest first, and how many there are in all.

        `most` of the tokens of models, which are many, and as many of the others.
        """
        columns = tables.events.c
        with self._database.reading() as transaction:
            # What comes between the reads of this would be in one kind only, and the reader takes the last id for all.
            until = int(transaction.connection.execute(select(func.max(columns.id))).scalar() or 0)
            about = (columns.key == key, columns.id <= until)
            found: list[Event] = []
            for kind in (columns.type == _TOKENS, columns.type != _TOKENS):
                query = _EVENT.where(*about, kind).order_by(columns.id.desc()).limit(most)
                found += map(_event, transaction.all(query))
            count = transaction.connection.execute(
                select(func.count()).select_from(tables.events).where(*about)
            ).scalar()
        return tuple(sorted(found, key=lambda event: event.id)), int(count or 0)

    def last_id(self) -> int:
        with self._database.reading() as transaction:
            return int(transaction.connection.execute(select(func.max(tables.events.c.id))).scalar() or 0)

    def last_before(self, stamp: str) -> int:
        """The id of the last event from before then; 0 when there is none."""
        columns = tables.events.c
        query = select(columns.id).where(columns.timestamp < stamp).order_by(columns.id.desc()).limit(1)
        with self._database.reading() as transaction:
            return int(transaction.connection.execute(query).scalar() or 0)

    def count(self, after: int, until: int) -> dict[str, int]:
        """How many of each type there are between the two, the second included."""
        columns = tables.events.c
        query = select(columns.type, func.count().label("count")).where(columns.id > after, columns.id <= until)
        with self._database.reading() as transaction:
            return {row["type"]: row["count"] for row in transaction.all(query.group_by(columns.type))}
