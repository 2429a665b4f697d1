"""The healer's own database, SQLite by default: one object with an attribute for each kind of record."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, insert, select

from healer.edges.store import tables
from healer.edges.store.audit import Audit, Auditor
from healer.edges.store.batch import Bounds
from healer.edges.store.chain import Chain
from healer.edges.store.comebacks import Comeback, Comebacks
from healer.edges.store.database import NOT_MADE, Database, age, ago, now
from healer.edges.store.finding import Finding, Page, Place, Wanted
from healer.edges.store.head import HeadFile
from healer.edges.store.incident import AT_WORK, SERVED, SURPLUS, Incident
from healer.edges.store.incidents import Incidents
from healer.edges.store.log import Log
from healer.edges.store.marks import Marks
from healer.edges.store.proposals import Deliveries, Delivery, Filed, Proposals, Recheck, Remarks
from healer.edges.store.releases import Release, Releases, Revert, Reverts
from healer.edges.store.retention import Freed, Retention
from healer.edges.store.sessions import Sessions
from healer.edges.store.statistics import Statistics, Sums


class Store:
    """`on_event` is called after each commit that added to the log, from whatever thread committed.

    `audit_key` chains the log; without one nobody can verify it later. `audit_head`: the file that says where it ended.
    """

    def __init__(
        self,
        url: str,
        on_event: Callable[[], None] = lambda: None,
        *,
        audit_key: str = "",
        audit_head: Path | None = None,
    ) -> None:
        chain = Chain(audit_key)
        self._database = Database(url, self._announce, chain)
        self._on_event = on_event
        self._head = HeadFile(audit_head, self._database, chain) if audit_head else None
        self.incidents = Incidents(self._database)
        self.comebacks = Comebacks(self._database)
        self.finding = Finding(self._database)
        self.statistics = Statistics(self._database)
        self.log = Log(self._database)
        self.marks = Marks(self._database)
        self.auditor = Auditor(self._database, chain, audit_head)
        self.proposals = Proposals(self._database)
        self.remarks = Remarks(self._database)
        self.releases = Releases(self._database)
        self.reverts = Reverts(self._database)
        self.deliveries = Deliveries(self._database)
        self.retention = Retention(self._database)
        self.sessions = Sessions(self._database)

    def migrate(self) -> None:
        """Bring the tables up to date; from here on the head file is kept."""
        self._database.migrate()
        if self._head is not None:
            self._head.start()

    @property
    def kind(self) -> str:
        """Of database: sqlite, postgresql."""
        return self._database.kind

    def lag(self) -> str:
        """What `migrate` would still have to do; "" when nothing. Raises BadInput when the database does not answer, or
        a newer healer made its tables.
        """
        return self._database.lag()

    def check(self) -> None:
        """Raises when the database does not answer."""
        self._database.check()

    def close(self) -> None:
        if self._head is not None:
            self._head.stop()
        self._database.close()

    def _announce(self) -> None:
        if self._head is not None:
            self._head.wake()
        self._on_event()

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


__all__ = [
    "AT_WORK",
    "NOT_MADE",
    "SERVED",
    "SURPLUS",
    "Audit",
    "Auditor",
    "Bounds",
    "Comeback",
    "Delivery",
    "Filed",
    "Freed",
    "Incident",
    "Log",
    "Page",
    "Place",
    "Recheck",
    "Release",
    "Revert",
    "Store",
    "Sums",
    "Wanted",
    "age",
    "ago",
    "now",
]
