"""How far those who follow the event log have come. What a follower did before its mark it never does again."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, insert, select, update

from healer.edges.store import tables
from healer.edges.store.database import Database

MARK = tables.marks.c


class Marks:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> int | None:
        """The id of the last event that is done with; None for a follower that is new."""
        with self._database.reading() as transaction:
            row = transaction.one(select(MARK.event_id).where(MARK.name == name))
        return int(row["event_id"]) if row is not None else None

    def set(self, name: str, event_id: int) -> None:
        with self._database.writing() as transaction:
            if not transaction.run(update(tables.marks).where(MARK.name == name).values(event_id=event_id)):
                transaction.run(insert(tables.marks).values(name=name, event_id=event_id))

    def keep(self, beginning: str, names: Iterable[str]) -> None:
        """Of the names that begin so, forget all others: who follows again one day begins anew."""
        mine = MARK.name.startswith(beginning, autoescape=True)
        with self._database.writing() as transaction:
            transaction.run(delete(tables.marks).where(mine, MARK.name.not_in(list(names))))
