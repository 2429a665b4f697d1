"""Which releases reported a crash again whose fix may be with the users, in the order in which they did so last.

It is kept apart from the reports, of which only some are. Whether such a release holds the fix is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, func, select

from healer.edges.store import tables
from healer.edges.store.database import Database, Transaction
from healer.edges.store.incident import SERVED
from healer.edges.store.tail import run_each

KEPT_RELEASES = 20  # per incident, the last ones: a reporter may name any

COMEBACK, INCIDENT, RELEASE = tables.comebacks.c, tables.incidents.c, tables.releases.c

_FORGET = "DELETE FROM comebacks WHERE incident_id = ? AND release = ?"
_KEEP = "INSERT INTO comebacks (incident_id, release, received_at) VALUES (?, ?, ?)"
_BOUND = (
    "DELETE FROM comebacks WHERE incident_id = ? AND number <= "  # noqa: S608 - our number
    f"(SELECT number FROM comebacks WHERE incident_id = ? ORDER BY number DESC LIMIT 1 OFFSET {KEPT_RELEASES})"
)

_LAST = select(func.coalesce(func.max(COMEBACK.number), 0))
_OF_RELEASE = and_(RELEASE.service == INCIDENT.service, RELEASE.commit == INCIDENT.release)
_CAME = (
    select(INCIDENT.service, COMEBACK.incident_id, COMEBACK.release)
    .join_from(tables.comebacks, tables.incidents)
    .join(tables.releases, _OF_RELEASE)
    .where(INCIDENT.state.in_([state.value for state in SERVED]), COMEBACK.received_at > RELEASE.live_at)
    .order_by(COMEBACK.number)
)


@dataclass(frozen=True)
class Comeback:
    service: str
    incident_id: str
    release: str  # that reported it


class Comebacks:
    def __init__(self, database: Database) -> None:
        self._database = database

    def last(self) -> int:
        """The number of the newest."""
        with self._database.reading() as transaction:
            return int(transaction.connection.execute(_LAST).scalar_one())

    def between(self, after: int, until: int) -> tuple[Comeback, ...]:
        """Those that came after the incident's fix went live, oldest first; the second number is included."""
        query = _CAME.where(COMEBACK.number > after, COMEBACK.number <= until)
        with self._database.reading() as transaction:
            return tuple(Comeback(**row) for row in transaction.all(query))


def keep_comebacks(transaction: Transaction, came: Iterable[tuple[str, str, str]]) -> None:
    """Of each an incident, a release, and when it came; of one release the newest stays."""
    rows = list(came)
    if not rows:
        return
    run_each(transaction.connection, _FORGET, [row[:2] for row in rows])
    run_each(transaction.connection, _KEEP, rows)
    run_each(transaction.connection, _BOUND, [(one, one) for one in sorted({row[0] for row in rows})])
