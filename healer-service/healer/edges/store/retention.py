"""Deletes what is over and done with, in short transactions; each leaves a whole store. When to is the pipeline's say.

The event log stays as it is: it tells of the deleted ones too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import timedelta

from sqlalchemy import ColumnElement, RowMapping, Table, delete, exists, func, or_, select, tuple_

from healer.edges.store import tables
from healer.edges.store.database import Database, Transaction, ago, hour_of
from healer.edges.store.incident import FORGOTTEN, SURPLUS
from healer.edges.store.proposals import UNDECIDED
from healer.edges.store.releases import MOVING
from healer.model import ENDS, State

SLICE = 200  # incidents in one transaction: some ten milliseconds in which nothing else is written
HOURS_SLICE = 2000  # hourly counts in one transaction
PAGES = 500  # of the file, given back at once

INCIDENT, PROPOSAL, RELEASE, DELIVERY, OCCURRENCE = (
    table.c for table in (tables.incidents, tables.proposals, tables.releases, tables.deliveries, tables.occurrences)
)


@dataclass(frozen=True)
class Freed:
    """How many of each were deleted."""

    incidents: int = 0  # that nothing else tells of
    reports: int = 0
    candidates: int = 0
    webhooks: int = 0

    def __add__(self, other: Freed) -> Freed:
        return Freed(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def __bool__(self) -> bool:
        return self != Freed()


class Retention:
    def __init__(self, database: Database) -> None:
        self._database = database

    def over(self, before: str) -> Freed:
        """A slice of what ended and was last heard of before then; nothing when there is no more of it."""
        old = (INCIDENT.state.in_(ENDS), INCIDENT.last_seen < before, ~_undecided(), ~_moving())
        with self._database.writing() as transaction:
            needless = _INCIDENTS.where(*old, ~_needed()).order_by(INCIDENT.last_seen)
            freed = _forget(transaction, transaction.all(needless.limit(SLICE)), "age")
            if not freed:
                full = _INCIDENTS.where(*old, or_(_has(tables.reports), _has(tables.verdicts)))
                found = transaction.all(full.order_by(INCIDENT.last_seen).limit(SLICE))
                freed = _strip(transaction, [row["id"] for row in found])
        return freed

    def beyond(self, most: int) -> Freed:
        """A slice of what services have too much of, the longest unheard of first: what ended, then what only waits.

        Never what counts a flood, nor what counts for the bound on an hour's new ones: deleting that would lift it.
        """
        number = func.count()
        crowded = select(INCIDENT.service, number.label("number")).group_by(INCIDENT.service).having(number > most)
        freed = Freed()
        with self._database.writing() as transaction:
            for row in transaction.all(crowded):
                bounding = or_(INCIDENT.fingerprint == SURPLUS, INCIDENT.first_seen >= ago(timedelta(hours=1)))
                needless = _INCIDENTS.where(INCIDENT.service == row["service"], ~bounding, ~_needed(), ~_moving())
                first = needless.order_by(INCIDENT.last_seen).limit(min(SLICE, row["number"] - most))
                found = transaction.all(first.where(INCIDENT.state.in_(ENDS)))
                found = found or transaction.all(first.where(INCIDENT.state == State.OPEN))
                freed += _forget(transaction, found, "number")
        return freed

    def webhooks(self, before: str) -> Freed:
        """A slice of those that are worked and came before then."""
        old = select(DELIVERY.id).where(DELIVERY.worked, DELIVERY.received_at < before).limit(SLICE)
        with self._database.writing() as transaction:
            return Freed(webhooks=transaction.run(delete(tables.deliveries).where(DELIVERY.id.in_(old))))

    def hours(self, before: str) -> bool:
        """Delete a slice of the hourly counts from before then, which nobody misses; False when there were none."""
        key = (OCCURRENCE.incident_id, OCCURRENCE.hour)
        old = select(*key).where(OCCURRENCE.hour < hour_of(before)).limit(HOURS_SLICE)
        with self._database.writing() as transaction:
            return bool(transaction.run(delete(tables.occurrences).where(tuple_(*key).in_(old))))

    def shrink(self) -> bool:
        """Give some of the file's empty pages back to the disk; False when there are none."""
        return self._database.shrink(PAGES)


_INCIDENTS = select(
    INCIDENT.id,
    INCIDENT.service,
    INCIDENT.attempt,
    INCIDENT.count,
    INCIDENT.first_seen,
    INCIDENT.last_seen,
    INCIDENT.trace_id,
)


def _has(table: Table) -> ColumnElement[bool]:
    return exists().where(table.c.incident_id == INCIDENT.id)


def _undecided() -> ColumnElement[bool]:
    """There is a proposal that may yet be merged."""
    return exists().where(PROPOSAL.incident_id == INCIDENT.id, PROPOSAL.state.in_(UNDECIDED))


def _moving() -> ColumnElement[bool]:
    """A release of its service is judged by the crashes that are counted meanwhile."""
    return exists().where(RELEASE.service == INCIDENT.service, RELEASE.state.in_(MOVING))


def _needed() -> ColumnElement[bool]:
    """Something that stays is about it: a proposal, a release, what a person did."""
    about = tables.events.c
    acted = exists().where(about.key == INCIDENT.id, about.type.startswith("operator."))
    told = (_has(table) for table in (tables.proposals, tables.releases, tables.reverts))
    return or_(*told, acted, INCIDENT.release.is_not(None))


def _strip(transaction: Transaction, ids: Sequence[str]) -> Freed:
    """Leave only the incidents themselves, with their numbers."""
    counts = {}
    for table in (tables.reports, tables.verdicts, tables.seen, tables.occurrences, tables.comebacks):
        counts[table.name] = transaction.run(delete(table).where(table.c.incident_id.in_(ids)))
    return Freed(reports=counts["reports"], candidates=counts["verdicts"])


def _forget(transaction: Transaction, incidents: Sequence[RowMapping], why: str) -> Freed:
    if not incidents:
        return Freed()
    ids = [row["id"] for row in incidents]
    freed = _strip(transaction, ids)
    for row in incidents:
        payload = {name: row[name] for name in ("service", "attempt", "count", "first_seen", "last_seen")}
        payload["why"] = why
        transaction.append(FORGOTTEN, row["id"], payload, trace_id=row["trace_id"], ui_hint="control")
    transaction.run(delete(tables.incidents).where(INCIDENT.id.in_(ids)))
    return freed + Freed(incidents=len(ids))
