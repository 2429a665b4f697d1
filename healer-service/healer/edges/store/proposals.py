"""Proposals, releases and webhook deliveries, as the healer remembers them. It talks to no forge and no supervisor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from healer.edges.store import tables
from healer.edges.store.database import Database, now
from healer.model import Proposal


@dataclass(frozen=True)
class Filed:
    """A proposal with what the store knows beside it."""

    proposal: Proposal
    attempt: int
    diff: str
    created_at: str


@dataclass(frozen=True)
class Release:
    service: str
    commit: str
    incident_id: str | None
    state: str  # prepared | live | failed | rolled_back
    previous: str | None
    reason: str
    at: str


@dataclass(frozen=True)
class Delivery:
    id: str
    event: str
    body: Mapping[str, Any]


def _filed(row: RowMapping) -> Filed:
    values = dict(row)
    attempt, diff, created = values.pop("attempt"), values.pop("diff"), values.pop("created_at")
    return Filed(Proposal(**values), attempt, diff, created)


class Proposals:
    def __init__(self, database: Database) -> None:
        self._database = database

    def next_number(self, service: str) -> int:
        query = select(func.max(tables.proposals.c.number)).where(tables.proposals.c.service == service)
        with self._database.reading() as transaction:
            return int(transaction.connection.execute(query).scalar() or 0) + 1

    def put(self, proposal: Proposal, attempt: int, diff: str) -> None:
        values = {
            "incident_id": proposal.incident_id,
            "attempt": attempt,
            "branch": proposal.branch,
            "base": proposal.base,
            "head_sha": proposal.head_sha,
            "title": proposal.title,
            "body": proposal.body,
            "diff": diff,
            "url": proposal.url,
            "state": proposal.state,
            "merge_sha": proposal.merge_sha,
        }
        with self._database.writing() as transaction:
            key = {"service": proposal.service, "number": proposal.number}
            transaction.run(insert(tables.proposals).values(**key, **values, created_at=now()))

    def of_incident(self, incident_id: str, attempt: int | None = None) -> Filed | None:
        """The one of this attempt, or the newest."""
        columns = tables.proposals.c
        query = select(tables.proposals).where(columns.incident_id == incident_id).order_by(columns.attempt.desc())
        if attempt is not None:
            query = query.where(columns.attempt == attempt)
        with self._database.reading() as transaction:
            row = transaction.one(query.limit(1))
        return _filed(row) if row else None

    def newest(self, incident_ids: Sequence[str]) -> dict[str, Filed]:
        """Incident id -> its newest proposal, for those that have one."""
        columns = tables.proposals.c
        query = select(tables.proposals).where(columns.incident_id.in_(incident_ids)).order_by(columns.attempt)
        with self._database.reading() as transaction:
            return {row["incident_id"]: _filed(row) for row in transaction.all(query)}

    def by_number(self, service: str, number: int) -> Filed | None:
        columns = tables.proposals.c
        query = select(tables.proposals).where(columns.service == service, columns.number == number)
        with self._database.reading() as transaction:
            row = transaction.one(query)
        return _filed(row) if row else None

    def open(self) -> tuple[Filed, ...]:
        with self._database.reading() as transaction:
            rows = transaction.all(select(tables.proposals).where(tables.proposals.c.state == "open"))
        return tuple(_filed(row) for row in rows)

    def close(self, proposal: Proposal, state: str, merge_sha: str | None = None) -> bool:
        """To `merged` or `closed`. False when it was not open any more."""
        columns = tables.proposals.c
        with self._database.writing() as transaction:
            return bool(
                transaction.run(
                    update(tables.proposals)
                    .where(
                        columns.service == proposal.service,
                        columns.number == proposal.number,
                        columns.state == "open",
                    )
                    .values(state=state, merge_sha=merge_sha)
                )
            )


class Releases:
    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, service: str, commit: str, state: str, **values: Any) -> None:
        """Add or change; `values` are other columns."""
        columns = tables.releases.c
        where = (columns.service == service, columns.commit == commit)
        with self._database.writing() as transaction:
            row = {"state": state, "at": now(), **values}
            if not transaction.run(update(tables.releases).where(*where).values(**row)):
                transaction.run(
                    insert(tables.releases).values(**{"service": service, "commit": commit, "reason": "", **row})
                )

    def get(self, service: str, commit: str) -> Release | None:
        columns = tables.releases.c
        query = select(tables.releases).where(columns.service == service, columns.commit == commit)
        with self._database.reading() as transaction:
            row = transaction.one(query)
        return Release(**row) if row else None

    def of_incident(self, incident_id: str) -> tuple[Release, ...]:
        columns = tables.releases.c
        query = select(tables.releases).where(columns.incident_id == incident_id).order_by(columns.at)
        with self._database.reading() as transaction:
            return tuple(Release(**row) for row in transaction.all(query))


class Deliveries:
    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, delivery: Delivery) -> bool:
        """False when this id was stored before."""
        values = {"id": delivery.id, "event": delivery.event, "body": dict(delivery.body)}
        try:
            with self._database.writing() as transaction:
                transaction.run(insert(tables.deliveries).values(**values, received_at=now(), worked=False))
        except IntegrityError:
            return False
        return True

    def waiting(self) -> tuple[Delivery, ...]:
        columns = tables.deliveries.c
        query = (
            select(columns.id, columns.event, columns.body)
            .where(columns.worked.is_(False))
            .order_by(columns.received_at)
            .limit(100)
        )
        with self._database.reading() as transaction:
            return tuple(Delivery(row["id"], row["event"], row["body"]) for row in transaction.all(query))

    def done(self, delivery_id: str) -> None:
        with self._database.writing() as transaction:
            where = tables.deliveries.c.id == delivery_id
            transaction.run(update(tables.deliveries).where(where).values(worked=True))
