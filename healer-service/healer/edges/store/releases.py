"""Releases of the services, and the proposals that take one back. It talks to no deployment and no forge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.exc import IntegrityError

from healer.edges.store import tables
from healer.edges.store.database import Database, now
from healer.edges.store.proposals import UNDECIDED, decision
from healer.model import Proposal

MOVING = ("waiting", "canary", "soaking", "leaving")


@dataclass(frozen=True)
class Release:
    """One commit of a service on its way to the users, with them, or taken back.

    waiting → (canary →) soaking → live; or failed (it never went live); or leaving → rolled_back; superseded when a
    later one that holds it was released instead.
    """

    service: str
    commit: str
    incident_id: str | None  # whose fix brought it; None for a push or the first one
    origin: str  # first | proposal | push | revert
    state: str  # waiting | canary | soaking | live | leaving | failed | rolled_back | superseded
    previous: str | None  # what served when it went live, and what is gone back to
    reason: str  # why it waits, failed or is left
    at: str  # of the last change of its state
    tries: int = 0
    next_try: float = 0.0  # Unix time
    live_at: str | None = None
    until: float | None = None  # Unix time: end of the canary's share or of the soak
    before: Mapping[str, Any] | None = None  # Traffic of the release before, and `known`: crashes counted by then
    target: str | None = None  # what to go back to, when it is not `previous`
    left_by: str = ""  # the person who had it left; "" for the healer itself


@dataclass(frozen=True)
class Revert:
    """A proposal that takes the commits of a release back."""

    service: str
    commit: str  # the release
    incident_id: str | None
    branch: str
    base: str
    head_sha: str
    number: int | None  # on its forge; None until it is there
    title: str
    body: str
    diff: str
    url: str
    state: str  # prepared | open | merged | closed
    merge_sha: str | None
    by: str  # who merged or closed it
    closing: str  # why it is to be closed, and is not yet
    created_at: str

    @property
    def undecided(self) -> bool:
        return self.state in UNDECIDED

    @property
    def decided_on(self) -> dict[str, object]:
        return decision(self.number, self.head_sha, self.diff)

    @property
    def proposal(self) -> Proposal:
        """As a forge takes it."""
        return Proposal(
            self.incident_id or "",
            self.number or 0,
            self.service,
            self.branch,
            self.base,
            self.head_sha,
            self.title,
            self.body,
            self.url,
            self.state,
            self.merge_sha,
        )


class Releases:
    def __init__(self, database: Database) -> None:
        self._database = database

    def want(self, service: str, commit: str, origin: str, incident_id: str | None = None) -> bool:
        """Have a commit released. False when it is known already, whatever became of it."""
        row = {"service": service, "commit": commit, "origin": origin, "incident_id": incident_id}
        try:
            with self._database.writing() as transaction:
                transaction.run(insert(tables.releases).values(**row, state="waiting", reason="", at=now()))
        except IntegrityError:
            return False
        return True

    def set(
        self, service: str, commit: str, state: str | None = None, *, expected: Iterable[str] = (), **values: Any
    ) -> bool:
        """Change a release that is known; `values` are other columns.

        False, with nothing changed, when its state is none of `expected`: somebody else decided meanwhile.
        """
        columns = tables.releases.c
        where = [columns.service == service, columns.commit == commit]
        if wanted := list(expected):
            where.append(columns.state.in_(wanted))
        if state is not None:
            values |= {"state": state, "at": now()}
        with self._database.writing() as transaction:
            return bool(transaction.run(update(tables.releases).where(*where).values(**values)))

    def get(self, service: str, commit: str) -> Release | None:
        columns = tables.releases.c
        return next(iter(self._find(columns.service == service, columns.commit == commit)), None)

    def list(self, service: str, states: Iterable[str] = (), limit: int = 100) -> tuple[Release, ...]:
        """Newest first, by the last change of state."""
        columns = tables.releases.c
        where = [columns.service == service]
        if wanted := list(states):
            where.append(columns.state.in_(wanted))
        return self._find(*where, limit=limit)

    def moving(self) -> tuple[Release, ...]:
        """Those of all services that something is still to be done about, newest first."""
        return self._find(tables.releases.c.state.in_(MOVING), limit=1000)

    def of_incident(self, incident_id: str) -> tuple[Release, ...]:
        """Oldest first."""
        return self._find(tables.releases.c.incident_id == incident_id)[::-1]

    def _find(self, *where: ColumnElement[bool], limit: int = 100) -> tuple[Release, ...]:
        columns = tables.releases.c
        query = select(tables.releases).where(*where).order_by(columns.at.desc(), columns.commit).limit(limit)
        with self._database.reading() as transaction:
            return tuple(Release(**row) for row in transaction.all(query))


class Reverts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, revert: Revert) -> bool:
        """Add one, as `prepared`. False when the release has one already."""
        row = {name: value for name, value in vars(revert).items() if name != "created_at"}
        try:
            with self._database.writing() as transaction:
                transaction.run(insert(tables.reverts).values(**row, created_at=now()))
        except IntegrityError:
            return False
        return True

    def set(self, service: str, commit: str, **values: Any) -> None:
        columns = tables.reverts.c
        with self._database.writing() as transaction:
            where = (columns.service == service, columns.commit == commit)
            transaction.run(update(tables.reverts).where(*where).values(**values))

    def get(self, service: str, commit: str) -> Revert | None:
        columns = tables.reverts.c
        return next(iter(self._find(columns.service == service, columns.commit == commit)), None)

    def of_incident(self, incident_id: str) -> Revert | None:
        """The newest."""
        return next(iter(self._find(tables.reverts.c.incident_id == incident_id)), None)

    def of_service(self, service: str) -> tuple[Revert, ...]:
        """Newest first."""
        return self._find(tables.reverts.c.service == service)

    def unfinished(self, service: str) -> tuple[Revert, ...]:
        """Those that are still to be opened, decided or closed."""
        columns = tables.reverts.c
        return self._find(columns.service == service, columns.state.in_(UNDECIDED))

    def _find(self, *where: ColumnElement[bool]) -> tuple[Revert, ...]:
        query = select(tables.reverts).where(*where).order_by(tables.reverts.c.created_at.desc())
        with self._database.reading() as transaction:
            return tuple(Revert(**row) for row in transaction.all(query))


__all__ = ["Release", "Releases", "Revert", "Reverts"]
