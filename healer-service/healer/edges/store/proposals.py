"""Proposals, what is said about them, and webhook deliveries. It talks to no forge."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from healer.edges.store import tables
from healer.edges.store.database import Database, now
from healer.model import Outcome, Outcomes, PastFix, Proposal, Remark

UNDECIDED = ("prepared", "open")  # on its forge and neither merged nor closed, or still to be put there

# What each outcome may replace: a merge may turn out to have changed the fix, or be taken back; the others are final.
_REPLACES = {
    Outcome.MERGED: (),
    Outcome.REJECTED: (),
    Outcome.OBSOLETE: (),
    Outcome.CHANGED: (Outcome.MERGED,),
    Outcome.ROLLED_BACK: (Outcome.MERGED, Outcome.CHANGED),
}
_AT_CLOSE = {"merged": Outcome.MERGED, "closed": Outcome.REJECTED}


@dataclass(frozen=True)
class Recheck:
    """The proof of what others added to a proposal: under way until `accepted` is known."""

    number: int  # of this proposal, from 1: the same commit may be pushed, taken back and pushed again
    by: str  # who added it
    shown: str = ""  # the head that the proposal's `diff` shows; "" until it is read
    accepted: bool | None = None
    reason: str = ""


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
    base_sha: str = ""  # commit that the evidence is about
    pushed_sha: str = ""  # what the healer last put on the branch
    pushed_at: str | None = None
    told: str = ""  # digest of the title and body that the forge has
    closing: str = ""  # why it is to be closed, and is not yet
    closed_at: str | None = None
    rounds: int = 0  # that reviews asked for
    amended: bool = False  # others added commits
    recheck: Recheck | None = None  # of what they added last
    forge_draft: bool = False  # it is a draft there now
    readied: bool = False  # made ready for review, which happens once
    reviewer: str = ""  # who was asked; "-" when nobody can be
    seen: str = ""  # the forge's time of the last change that was worked

    @property
    def decided_on(self) -> dict[str, object]:
        return decision(self.proposal.number, self.proposal.head_sha, self.diff)

    @property
    def checking(self) -> bool:
        """Whether what others added is being proved."""
        return self.amended and (self.recheck is None or self.recheck.accepted is None)

    @property
    def unseen(self) -> bool:
        """Whether its branch holds what `diff` does not show, so that nobody can have looked at it here."""
        return self.amended and (self.recheck is None or self.recheck.shown != self.proposal.head_sha)

    @property
    def text_digest(self) -> str:
        """Of the title and body that the forge should have."""
        return hashlib.sha256(f"{self.proposal.title}\0{self.proposal.body}".encode(errors="replace")).hexdigest()


@dataclass(frozen=True)
class Delivery:
    id: str
    event: str
    body: Mapping[str, Any]


def decision(number: int | None, head_sha: str, diff: str) -> dict[str, object]:
    """What exactly a person decides on, for the audit trail."""
    digest = hashlib.sha256(diff.encode(errors="surrogatepass")).hexdigest()
    return {"number": number, "head_sha": head_sha, "diff_sha256": digest}


_OF_PROPOSAL = frozenset(field.name for field in fields(Proposal))


def _filed(row: RowMapping) -> Filed:
    values = dict(row)
    values["number"] = values["number"] or 0
    values["recheck"] = Recheck(**values["recheck"]) if values["recheck"] else None
    values["outcome"] = Outcome(values["outcome"]) if values["outcome"] else None
    proposal = Proposal(**{name: values.pop(name) for name in _OF_PROPOSAL})
    return Filed(proposal, **values)


class Proposals:
    def __init__(self, database: Database) -> None:
        self._database = database

    def next_number(self, service: str) -> int:
        """For a forge that gives none: proposals and reverts are counted together."""
        highest = 0
        with self._database.reading() as transaction:
            for table in (tables.proposals, tables.reverts):
                query = select(func.max(table.c.number)).where(table.c.service == service)
                highest = max(highest, int(transaction.connection.execute(query).scalar() or 0))
        return highest + 1

    def put(
        self,
        proposal: Proposal,
        attempt: int,
        diff: str,
        *,
        approach: str = "",
        category: str = "",
        base_sha: str = "",
    ) -> None:
        """A new one, or what a known branch is to hold now.

        `approach` of the candidate and `category` of the diagnosis: what its outcome will be counted under.
        """
        wanted = {
            "attempt": attempt,
            "base": proposal.base,
            "base_sha": base_sha,
            "head_sha": proposal.head_sha,
            "title": proposal.title,
            "body": proposal.body,
            "diff": diff,
            "draft": proposal.draft,
            "approach": approach,
            "category": category,
        }
        new = {
            "branch": proposal.branch,
            "service": proposal.service,
            "number": proposal.number or None,
            "incident_id": proposal.incident_id,
            "url": proposal.url,
            "state": proposal.state,
            "merge_sha": proposal.merge_sha,
            "created_at": now(),
        }
        where = tables.proposals.c.branch == proposal.branch
        with self._database.writing() as transaction:
            if not transaction.run(update(tables.proposals).where(where).values(**wanted)):
                transaction.run(insert(tables.proposals).values(**new, **wanted))

    def set(self, branch: str, **values: Any) -> None:
        """Write down facts about one; it is closed by `close`, and its outcome settled by `settle`."""
        if isinstance(recheck := values.get("recheck"), Recheck):
            values["recheck"] = asdict(recheck)
        with self._database.writing() as transaction:
            transaction.run(update(tables.proposals).where(tables.proposals.c.branch == branch).values(**values))

    def reopen(self, branch: str) -> bool:
        """False when it was not closed. That it was rejected is no lesson any more."""
        columns = tables.proposals.c
        where = (columns.branch == branch, columns.state == "closed")
        values = {"state": "open", "outcome": None, "closed_at": None, "closing": ""}
        with self._database.writing() as transaction:
            return bool(transaction.run(update(tables.proposals).where(*where).values(**values)))

    def of_incident(self, incident_id: str, attempt: int | None = None) -> Filed | None:
        """The one that holds this attempt's candidate, or the newest."""
        columns = tables.proposals.c
        query = select(tables.proposals).where(columns.incident_id == incident_id).order_by(columns.attempt.desc())
        if attempt is not None:
            query = query.where(columns.attempt == attempt)
        with self._database.reading() as transaction:
            row = transaction.one(query.limit(1))
        return _filed(row) if row else None

    def merged_of(self, incident_id: str) -> Filed | None:
        """The one that was merged last, which need not be the newest: an older one may be opened again and merged."""
        columns = tables.proposals.c
        query = select(tables.proposals).where(columns.incident_id == incident_id, columns.merge_sha.is_not(None))
        with self._database.reading() as transaction:
            row = transaction.one(query.order_by(columns.closed_at.desc(), columns.attempt.desc()).limit(1))
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

    def by_branch(self, branch: str) -> Filed | None:
        with self._database.reading() as transaction:
            row = transaction.one(select(tables.proposals).where(tables.proposals.c.branch == branch))
        return _filed(row) if row else None

    def open(self, service: str | None = None) -> tuple[Filed, ...]:
        """Those that are on their forge and undecided, or will be there; oldest first."""
        return self._of(tables.proposals.c.state.in_(UNDECIDED), service)

    def count_open(self) -> dict[str, int]:
        """Service -> how many; one that has none is not named."""
        columns = tables.proposals.c
        query = select(columns.service, func.count().label("count")).where(columns.state.in_(UNDECIDED))
        with self._database.reading() as transaction:
            return {row["service"]: row["count"] for row in transaction.all(query.group_by(columns.service))}

    def closed_since(self, service: str, when: str) -> tuple[Filed, ...]:
        """Those that were closed unmerged after `when`: somebody may open one again."""
        columns = tables.proposals.c
        return self._of(and_(columns.state == "closed", columns.closed_at > when, columns.number.is_not(None)), service)

    def _of(self, which: ColumnElement[bool], service: str | None) -> tuple[Filed, ...]:
        columns = tables.proposals.c
        query = select(tables.proposals).where(which).order_by(columns.created_at)
        if service is not None:
            query = query.where(columns.service == service)
        with self._database.reading() as transaction:
            return tuple(_filed(row) for row in transaction.all(query))

    def close(self, proposal: Proposal, state: str, merge_sha: str | None = None) -> bool:
        """To `merged` or `closed`, which is its outcome unless one is known. False when it was not open any more."""
        columns = tables.proposals.c
        outcome = func.coalesce(columns.outcome, _AT_CLOSE[state].value)
        values = {"state": state, "merge_sha": merge_sha, "outcome": outcome, "closed_at": now(), "closing": ""}
        open_yet = columns.state.in_(UNDECIDED)
        with self._database.writing() as transaction:
            where = (columns.branch == proposal.branch, open_yet)
            return bool(transaction.run(update(tables.proposals).where(*where).values(**values)))

    def settle(self, proposal: Proposal, outcome: Outcome) -> bool:
        """Write down what became of it. Said twice it counts once; False when something at least as final was known."""
        columns = tables.proposals.c
        weaker = or_(columns.outcome.is_(None), columns.outcome.in_([known.value for known in _REPLACES[outcome]]))
        where = (columns.branch == proposal.branch, weaker)
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
            .order_by(columns.created_at.desc())
            .limit(limit)
        )
        with self._database.reading() as transaction:
            return tuple(PastFix(**row) for row in transaction.all(query))


class Remarks:
    """What people said about proposals, and the healer's replies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, service: str, branch: str, remark: Remark, *, worked: bool = False) -> bool:
        """False when it was known."""
        values = {**asdict(remark), "service": service, "branch": branch, "taken_at": now(), "worked": worked}
        try:
            with self._database.writing() as transaction:
                transaction.run(insert(tables.remarks).values(**values))
        except IntegrityError:
            return False
        return True

    def of_proposal(self, branch: str) -> tuple[Remark, ...]:
        """In the order in which the healer learnt of them, so that an answer comes after its question."""
        return self._of(tables.remarks.c.branch == branch)

    def waiting(self, branch: str) -> tuple[Remark, ...]:
        """Those nobody has worked yet, oldest first."""
        return self._of(and_(tables.remarks.c.branch == branch, tables.remarks.c.worked.is_(False)))

    def done(self, service: str, remark: Remark) -> None:
        columns = tables.remarks.c
        with self._database.writing() as transaction:
            where = (columns.service == service, columns.id == remark.id)
            transaction.run(update(tables.remarks).where(*where).values(worked=True))

    def _of(self, which: ColumnElement[bool]) -> tuple[Remark, ...]:
        columns = tables.remarks.c
        query = select(columns.id, columns.kind, columns.by, columns.text, columns.at).where(which)
        with self._database.reading() as transaction:
            return tuple(Remark(**row) for row in transaction.all(query.order_by(columns.taken_at, columns.id)))


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
        """From here on only its id counts."""
        with self._database.writing() as transaction:
            where = tables.deliveries.c.id == delivery_id
            transaction.run(update(tables.deliveries).where(where).values(worked=True, body={}))
