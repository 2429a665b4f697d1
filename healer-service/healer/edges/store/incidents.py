"""Incidents, their reports and their candidates. It keeps and finds; it decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, func, insert, select, update

from healer.edges.store import tables
from healer.edges.store.batch import Bounds
from healer.edges.store.codec import CANDIDATE, DIAGNOSIS, REPORT, VERDICT
from healer.edges.store.database import Database, Transaction, now
from healer.edges.store.incident import RELAPSED, Incident, incident_of
from healer.edges.store.taking import Taking
from healer.model import ENDS, Conflict, Diagnosis, ExceptionInfo, NotFound, Report, State, Verdict

_OF_ID = update(tables.incidents).where(tables.incidents.c.id == bindparam("of"))
_OF_INCIDENT = tables.reports.c.incident_id == bindparam("of")


class Incidents:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._taking = Taking(database)

    def take(self, report: Report, fingerprint: str) -> Incident:
        """Store a report: a new incident, or one more of a known one. A report id seen before changes nothing."""
        return self.take_all([(report, fingerprint)], {})[0]

    def take_all(self, reports: Sequence[tuple[Report, str]], bounds: Mapping[str, Bounds]) -> Sequence[Incident]:
        """The same for many at once: all are stored, or none. `bounds` by service."""
        return self._taking.take(reports, bounds)

    def tell_counts(self) -> None:
        """Have the log say what it does not know of the latest reports."""
        self._taking.tell()

    def get(self, incident_id: str) -> Incident:
        with self._database.reading() as transaction:
            return _require(transaction, incident_id)

    def list(
        self,
        states: Iterable[State] = (),
        limit: int = 500,
        *,
        service: str | None = None,
        ids: Iterable[str] | None = None,
    ) -> tuple[Incident, ...]:
        """Newest first; of all services, or of one; all of them, or some."""
        query = select(tables.incidents).order_by(tables.incidents.c.last_seen.desc()).limit(limit)
        if wanted := [state.value for state in states]:
            query = query.where(tables.incidents.c.state.in_(wanted))
        if service is not None:
            query = query.where(tables.incidents.c.service == service)
        if ids is not None:
            query = query.where(tables.incidents.c.id.in_(list(ids)))
        with self._database.reading() as transaction:
            return tuple(incident_of(row) for row in transaction.all(query))

    def waiting(self, service: str, limit: int) -> tuple[Incident, ...]:
        """Those whose heals are to begin, in the order of their turns: what a person asked for, then the service's own
        crashes, then what happened in code of others.
        """
        columns = tables.incidents.c
        query = (
            select(tables.incidents)
            .where(columns.service == service, columns.state == State.OPEN.value)
            # One that was forgotten and came again is at a later attempt, too, but has not been begun on.
            .order_by(
                and_(columns.attempt > 1, columns.base.is_not(None)).desc(),
                columns.own.desc(),
                columns.first_seen,
                columns.id,
            )
            .limit(limit)
        )
        with self._database.reading() as transaction:
            return tuple(incident_of(row) for row in transaction.all(query))

    def opened_on(self, service: str, release: str) -> tuple[Incident, ...]:
        """Those that a release of the service was the first to report."""
        columns = tables.incidents.c
        query = select(tables.incidents).where(columns.service == service, columns.opened_on == release)
        with self._database.reading() as transaction:
            return tuple(incident_of(row) for row in transaction.all(query))

    def released_with(self, service: str, releases: Iterable[str]) -> tuple[Incident, ...]:
        """Those whose fix one of these releases brought."""
        columns = tables.incidents.c
        query = select(tables.incidents).where(columns.service == service, columns.release.in_(list(releases)))
        with self._database.reading() as transaction:
            return tuple(incident_of(row) for row in transaction.all(query))

    def crashes(self, service: str) -> int:
        """How often the service has crashed by all reports until now."""
        query = select(func.sum(tables.incidents.c.count)).where(tables.incidents.c.service == service)
        with self._database.reading() as transaction:
            return int(transaction.connection.execute(query).scalar() or 0)

    def last_seen(self, service: str) -> str | None:
        """When the newest report of the service came."""
        query = select(func.max(tables.incidents.c.last_seen)).where(tables.incidents.c.service == service)
        with self._database.reading() as transaction:
            return transaction.connection.execute(query).scalar()

    def services_of(self, ids: Iterable[str]) -> dict[str, str]:
        """Incident -> service; those that are deleted are left out."""
        wanted = list(ids)
        if not wanted:
            return {}
        columns = tables.incidents.c
        query = select(columns.id, columns.service).where(columns.id.in_(wanted))
        with self._database.reading() as transaction:
            return {row["id"]: row["service"] for row in transaction.all(query)}

    def count_by_state(self) -> dict[tuple[str, str], int]:
        """(service, state) -> how many; what there is none of is not named."""
        service, state = tables.incidents.c.service, tables.incidents.c.state
        query = select(service, state, func.count().label("count")).group_by(service, state)
        with self._database.reading() as transaction:
            return {(row["service"], row["state"]): row["count"] for row in transaction.all(query)}

    def move(
        self,
        incident_id: str,
        to: State,
        reason: str = "",
        *,
        expected: Iterable[State],
        worked: str | None = None,
        with_report: bool = False,
        **values: Any,
    ) -> bool:
        """Change the state and write the event, in one transaction. False when it is in `to` already.

        `worked`: id of the remark that this obeys, which is done with it. Raises Conflict when the incident is in
        neither `to` nor one of `expected`, and `with_report` when none of its reports is kept any more.
        """
        with self._database.writing() as transaction:
            incident = _require(transaction, incident_id)
            if incident.state == to:
                return False
            if incident.state not in frozenset(expected):
                raise Conflict(f"incident {incident_id} is {incident.state}, so it cannot become {to}")
            if with_report and not _has_report(transaction, incident_id):
                why = "it can be healed when the crash comes again"
                raise Conflict(f"the reports of {incident_id} are deleted; {why}")
            values |= _implied(incident, to)
            transaction.run(_OF_ID.values(state=to.value, reason=reason, **values), {"of": incident_id})
            if worked is not None:
                remark = (tables.remarks.c.service == incident.service, tables.remarks.c.id == worked)
                transaction.run(update(tables.remarks).where(*remark).values(worked=True))
            payload = {"from": incident.state, "to": to, "reason": reason}
            transaction.append("incident.state", incident_id, payload, trace_id=incident.trace_id, ui_hint="execution")
            return True

    def set(self, incident_id: str, *, diagnosis: Diagnosis | None = None, **values: str | None) -> None:
        """Write facts about an incident; its state changes by `move` alone."""
        columns: dict[str, Any] = dict(values)
        if diagnosis is not None:
            columns |= {"diagnosis": DIAGNOSIS.dump(diagnosis), "category": diagnosis.category}
        with self._database.writing() as transaction:
            transaction.run(_OF_ID.values(**columns), {"of": incident_id})

    def healed(self, incident_id: str, by: str) -> None:
        """The time and the event, in one transaction; said twice it counts once, and after a relapse not at all."""
        with self._database.writing() as transaction:
            incident = _require(transaction, incident_id)
            if incident.healed_at is not None or incident.state in RELAPSED:
                return
            at = now()
            transaction.run(_OF_ID.values(healed_at=at), {"of": incident_id})
            transaction.append(
                "incident.healed",
                incident_id,
                {"seconds": incident.seconds_to(at), "by": by},
                trace_id=incident.trace_id,
                ui_hint="execution",
                once=f"{incident_id}-{incident.attempt}/incident.healed/",
            )

    def first_report(self, incident_id: str) -> Report:
        return self._report(incident_id, newest=False)

    def latest_report(self, incident_id: str) -> Report:
        return self._report(incident_id, newest=True)

    def _report(self, incident_id: str, *, newest: bool) -> Report:
        """Where none is kept any more: what the incident itself says of it."""
        at = tables.reports.c.received_at
        query = select(tables.reports.c.body).where(_OF_INCIDENT).order_by(at.desc() if newest else at.asc()).limit(1)
        with self._database.reading() as transaction:
            row = transaction.one(query, {"of": incident_id})
            if row is not None:
                return REPORT.load(row["body"])
            incident = _require(transaction, incident_id)
        exception = ExceptionInfo(incident.exception_type, incident.exception_message)
        return Report("", incident.service, incident.last_seen, exception, ())

    def forget_candidates(self, incident_id: str, attempt: int) -> None:
        """What an interrupted run of the same attempt had put there."""
        columns = tables.verdicts.c
        with self._database.writing() as transaction:
            transaction.run(
                delete(tables.verdicts).where(columns.incident_id == incident_id, columns.attempt == attempt)
            )

    def put_verdict(self, incident_id: str, attempt: int, position: int, verdict: Verdict, *, chosen: bool) -> None:
        row = {"incident_id": incident_id, "attempt": attempt, "position": position, "chosen": chosen}
        row |= {"candidate": CANDIDATE.dump(verdict.candidate), "verdict": VERDICT.dump(verdict)}
        with self._database.writing() as transaction:
            transaction.run(insert(tables.verdicts).values(**row))

    def verdicts(self, incident_id: str, attempt: int) -> tuple[tuple[Verdict, bool], ...]:
        """The judged candidates in the order tried, and whether each was chosen."""
        with self._database.reading() as transaction:
            rows = transaction.all(_judged(incident_id, attempt))
        return tuple((VERDICT.load(row["verdict"]), bool(row["chosen"])) for row in rows if row["verdict"])


def _implied(incident: Incident, to: State) -> dict[str, Any]:
    """What a move says about the times beside it. A round that a person asked for is no new beginning: what counts is
    the time to the first proposal.
    """
    if to == State.OPEN and incident.state in ENDS:
        return {"opened_at": now(), "proposed_at": None, "healed_at": None, "category": ""}
    if to == State.PROPOSED and incident.proposed_at is None:
        return {"proposed_at": now()}
    return {"healed_at": None} if to in RELAPSED else {}


def _has_report(transaction: Transaction, incident_id: str) -> bool:
    return transaction.one(select(tables.reports.c.id).where(_OF_INCIDENT), {"of": incident_id}) is not None


def _by_id(incident_id: str) -> Select[Any]:
    return select(tables.incidents).where(tables.incidents.c.id == incident_id)


def _judged(incident_id: str, attempt: int) -> Select[Any]:
    columns = tables.verdicts.c
    return (
        select(tables.verdicts)
        .where(columns.incident_id == incident_id, columns.attempt == attempt)
        .order_by(columns.position)
    )


def _require(transaction: Transaction, incident_id: str) -> Incident:
    row = transaction.one(_by_id(incident_id))
    if row is None:
        raise NotFound(f"there is no incident {incident_id!r}")
    return incident_of(row)
