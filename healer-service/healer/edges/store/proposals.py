"""Proposals, releases and webhook deliveries, as the healer remembers them. It talks to no forge and no supervisor."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from healer.edges.store import tables
from healer.edges.store.database import Database, now
from healer.model import Outcome, Outcomes, PastFix, Proposal

# What each outcome may replace: a merge may turn out to have changed the fix, or be taken back; the others are final.
_REPLACES = {
    Outcome.MERGED: (),
    Outcome.REJECTED: (),
    Outcome.CHANGED: (Outcome.MERGED,),
    Outcome.ROLLED_BACK: (Outcome.MERGED, Outcome.CHANGED),
}
_AT_CLOSE = {"merged": Outcome.MERGED, "closed": Outcome.REJECTED}


@dataclass(frozen=True)
class Filed:
    """A proposal with what the store knows beside it."""

    proposal: Proposal
    attempt: int
    diff: str
    created_at: str
    approach: str = ""
    category: str = ""
    outcome: Outcome | None = None

    @property
    def decided_on(self) -> dict[str, object]:
        """What exactly a person decides on, for the audit trail."""
        digest = hashlib.sha256(self.diff.encode(errors="surrogatepass")).hexdigest()
        return {"number": self.proposal.number, "head_sha": self.proposal.head_sha, "diff_sha256": digest}


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
    known = {name: values.pop(name) for name in ("attempt", "diff", "created_at", "approach", "category")}
    outcome = values.pop("outcome")
    return Filed(Proposal(**values), **known, outcome=Outcome(outcome) if outcome else None)


class Proposals:
    def __init__(self, database: Database) -> None:
        self._database = database

    def next_number(self, service: str) -> int:
        query = select(func.max(tables.proposals.c.number)).where(tables.proposals.c.service == service)
        with self._database.reading() as transaction:
            return int(transaction.connection.execute(query).scalar() or 0) + 1

    def put(self, proposal: Proposal, attempt: int, diff: str, *, approach: str = "", category: str = "") -> None:
        """`approach` of the candidate and `category` of the diagnosis: what its outcome will be counted under."""
        values = {
            "approach": approach,
            "category": category,
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
            "draft": proposal.draft,
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
        """To `merged` or `closed`, which is its outcome unless one is known. False when it was not open any more."""
        columns = tables.proposals.c
        outcome = func.coalesce(columns.outcome, _AT_CLOSE[state].value)
        with self._database.writing() as transaction:
            return bool(
                transaction.run(
                    update(tables.proposals)
                    .where(
                        columns.service == proposal.service,
                        columns.number == proposal.number,
                        columns.state == "open",
                    )
                    .values(state=state, merge_sha=merge_sha, outcome=outcome)
                )
            )

    def settle(self, proposal: Proposal, outcome: Outcome) -> bool:
        """Write down what became of it. Said twice it counts once; False when something at least as final was known."""
        columns = tables.proposals.c
        weaker = or_(columns.outcome.is_(None), columns.outcome.in_([known.value for known in _REPLACES[outcome]]))
        where = (columns.service == proposal.service, columns.number == proposal.number, weaker)
        with self._database.writing() as transaction:
            return bool(transaction.run(update(tables.proposals).where(*where).values(outcome=outcome.value)))

    def outcomes(self, service: str, category: str) -> dict[str, Outcomes]:
        """Approach -> what became of its proposals for this category of failure."""
        columns = tables.proposals.c
        query = (
            select(columns.approach, columns.outcome, func.count().label("count"))
            .where(columns.service == service, columns.category == category, columns.outcome.is_not(None))
            .group_by(columns.approach, columns.outcome)
        )
        found: dict[str, dict[str, int]] = {}
        with self._database.reading() as transaction:
            for row in transaction.all(query):
                found.setdefault(row["approach"], {})[row["outcome"]] = row["count"]
        return {approach: Outcomes(**counts) for approach, counts in found.items()}

    def merged_fixes(self, service: str, limit: int = 50) -> tuple[PastFix, ...]:
        """Fixes of this service that were merged as proposed and stayed, newest first."""
        columns = tables.proposals.c
        query = (
            select(columns.category, tables.incidents.c.exception_type, columns.diff)
            .join(tables.incidents, tables.incidents.c.id == columns.incident_id)
            .where(columns.service == service, columns.outcome == Outcome.MERGED.value)
            .order_by(columns.number.desc())
            .limit(limit)
        )
        with self._database.reading() as transaction:
            return tuple(PastFix(**row) for row in transaction.all(query))


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
