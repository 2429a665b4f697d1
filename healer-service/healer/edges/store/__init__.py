"""The healer's own database, SQLite by default: one object with an attribute for each kind of record."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import func, insert, select

from healer.edges.store import tables
from healer.edges.store.database import Database
from healer.edges.store.incidents import AT_WORK, ENDS, Incident, Incidents
from healer.edges.store.log import Log
from healer.edges.store.proposals import Deliveries, Delivery, Filed, Proposals, Release, Releases


class Store:
    """`on_event` is called after each commit that added to the log, from whatever thread committed."""

    def __init__(self, url: str, on_event: Callable[[], None] = lambda: None) -> None:
        self._database = Database(url, on_event)
        self.incidents = Incidents(self._database)
        self.log = Log(self._database)
        self.proposals = Proposals(self._database)
        self.releases = Releases(self._database)
        self.deliveries = Deliveries(self._database)

    def migrate(self) -> None:
        self._database.migrate()

    def check(self) -> None:
        """Raises when the database does not answer."""
        self._database.check()

    def close(self) -> None:
        self._database.close()

    def service_key(self, name: str) -> tuple[int, str]:
        """(number, key) of a service's DSN, made when it is new."""
        with self._database.writing() as transaction:
            row = transaction.one(select(tables.services).where(tables.services.c.name == name))
            if row is not None:
                return int(row["number"]), str(row["key"])
            highest = transaction.connection.execute(select(func.max(tables.services.c.number))).scalar()
            number, key = int(highest or 0) + 1, secrets.token_hex(16)
            transaction.run(insert(tables.services).values(name=name, number=number, key=key))
            return number, key


__all__ = ["AT_WORK", "ENDS", "Delivery", "Filed", "Incident", "Release", "Store"]
