"""The event log: appended to, read by id, never changed. How it is chained is in chain.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import RowMapping, func, select

from healer.edges.store import tables
from healer.edges.store.database import Database
from healer.model import Event

_EVENT = select(*(tables.events.c[item.name] for item in fields(Event)))


def _event(row: RowMapping) -> Event:
    return Event(**row)


class Log:
    def __init__(self, database: Database) -> None:
        self._database = database

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
        with self._database.writing() as transaction:
            transaction.append(type, key, payload, trace_id=trace_id, ui_hint=ui_hint, once=once)

    def after(self, event_id: int, limit: int = 500) -> tuple[Event, ...]:
        """Oldest first."""
        query = _EVENT.where(tables.events.c.id > event_id).order_by(tables.events.c.id).limit(limit)
        with self._database.reading() as transaction:
            return tuple(_event(row) for row in transaction.all(query))

    def of_key(self, key: str, limit: int = 500) -> tuple[Event, ...]:
        """The newest ones about one thing, oldest first."""
        columns = tables.events.c
        query = _EVENT.where(columns.key == key).order_by(columns.id.desc()).limit(limit)
        with self._database.reading() as transaction:
            return tuple(reversed([_event(row) for row in transaction.all(query)]))

    def last_id(self) -> int:
        with self._database.reading() as transaction:
            return int(transaction.connection.execute(select(func.max(tables.events.c.id))).scalar() or 0)
