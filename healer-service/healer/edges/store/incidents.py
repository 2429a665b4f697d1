"""Incidents, their reports and their candidates. It keeps and finds; it decides nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, delete, func, insert, select, update

from healer.edges.store import tables
from healer.edges.store.codec import CANDIDATE, DIAGNOSIS, REPORT, VERDICT
from healer.edges.store.database import Database, Transaction
from healer.model import Conflict, Diagnosis, NotFound, Report, State, Verdict

KEPT_REPORTS = 20  # per incident: the first one, and the newest
SURPLUS_REPORTS = 10  # that may gather before the middle is forgotten

ENDS = frozenset({State.RESOLVED, State.DECLINED, State.REJECTED, State.ROLLED_BACK, State.REGRESSED})
AT_WORK = frozenset({State.DIAGNOSING, State.REPAIRING})


# What each report needs, built once: putting a statement together takes longer than running it.
_REPORT = select(tables.reports.c.incident_id).where(tables.reports.c.id == bindparam("report"))
_INCIDENT = select(tables.incidents).where(tables.incidents.c.id == bindparam("incident"))
_SEEN = (
    update(tables.incidents)
    .where(tables.incidents.c.id == bindparam("incident"))
    .values(count=bindparam("count"), last_seen=bindparam("last_seen"))
)
_PUT_REPORT = insert(tables.reports)
_KEPT = select(func.count().label("rows")).where(tables.reports.c.incident_id == bindparam("incident"))


@dataclass(frozen=True)
class Incident:
    id: str
    service: str
    fingerprint: str
    state: State
    reason: str
    exception_type: str
    exception_message: str
    fault_file: str | None
    fault_line: int | None
    fault_function: str | None
    route: str | None
    count: int
    first_seen: str
    last_seen: str
    trace_id: str
    attempt: int
    diagnosis: Diagnosis | None
    base: str | None
    feedback: str | None  # what a person asked of this attempt; None when it is nobody's wish
    origin: str | None
    release: str | None
    soak_until: float | None
    opened_on: str | None  # the release that its first report came from


def _incident(row: RowMapping) -> Incident:
    values = dict(row)
    values["state"] = State(values["state"])
    values["diagnosis"] = DIAGNOSIS.load(values["diagnosis"]) if values["diagnosis"] else None
    return Incident(**values)


class Incidents:
    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, report: Report, fingerprint: str) -> Incident:
        """Store a report: a new incident, or one more of a known one. A report id seen before changes nothing."""
        incident_id = hashlib.sha256(f"{report.service}\0{fingerprint}".encode()).hexdigest()[:12]
        body = REPORT.dump(report)
        with self._database.writing() as transaction:
            known = transaction.one(_REPORT, {"report": report.report_id})
            if known is not None:
                return _require(transaction, known["incident_id"])
            row = transaction.one(_INCIDENT, {"incident": incident_id})
            if row is None:
                _open(transaction, incident_id, report, fingerprint)
                incident = _require(transaction, incident_id)
            else:
                seen = {"count": row["count"] + 1 + report.suppressed, "last_seen": report.received_at}
                transaction.run(_SEEN, {"incident": incident_id, **seen})
                incident = replace(_incident(row), **seen)
            values = {"id": report.report_id, "incident_id": incident_id, "received_at": report.received_at}
            transaction.run(_PUT_REPORT, {**values, "body": body})
            if incident.count > KEPT_REPORTS + SURPLUS_REPORTS:
                _forget_the_middle(transaction, incident_id)
            payload = {"count": incident.count, "release": report.release, "route": incident.route}
            transaction.append("report.received", incident_id, payload, trace_id=incident.trace_id, ui_hint="execution")
            return incident

    def get(self, incident_id: str) -> Incident:
        with self._database.reading() as transaction:
            return _require(transaction, incident_id)

    def list(
        self, states: Iterable[State] = (), limit: int = 500, *, service: str | None = None
    ) -> tuple[Incident, ...]:
        """Newest first; of all services, or of one."""
        query = select(tables.incidents).order_by(tables.incidents.c.last_seen.desc()).limit(limit)
        if wanted := [state.value for state in states]:
            query = query.where(tables.incidents.c.state.in_(wanted))
        if service is not None:
            query = query.where(tables.incidents.c.service == service)
        with self._database.reading() as transaction:
            return tuple(_incident(row) for row in transaction.all(query))

    def opened_on(self, service: str, release: str) -> tuple[Incident, ...]:
        """Those that a release of the service was the first to report."""
        columns = tables.incidents.c
        query = select(tables.incidents).where(columns.service == service, columns.opened_on == release)
        with self._database.reading() as transaction:
            return tuple(_incident(row) for row in transaction.all(query))

    def released_with(self, service: str, releases: Iterable[str]) -> tuple[Incident, ...]:
        """Those whose fix one of these releases brought."""
        columns = tables.incidents.c
        query = select(tables.incidents).where(columns.service == service, columns.release.in_(list(releases)))
        with self._database.reading() as transaction:
            return tuple(_incident(row) for row in transaction.all(query))

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

    def count_by_state(self) -> dict[str, int]:
        state = tables.incidents.c.state
        with self._database.reading() as transaction:
            rows = transaction.all(select(state, func.count().label("count")).group_by(state))
        return {row["state"]: row["count"] for row in rows}

    def move(
        self,
        incident_id: str,
        to: State,
        reason: str = "",
        *,
        expected: Iterable[State],
        worked: str | None = None,
        **values: Any,
    ) -> bool:
        """Change the state and write the event, in one transaction. False when it is in `to` already.

        `worked`: id of the remark that this obeys, which is done with it. Raises Conflict when the incident is in
        neither `to` nor one of `expected`.
        """
        with self._database.writing() as transaction:
            incident = _require(transaction, incident_id)
            if incident.state == to:
                return False
            if incident.state not in frozenset(expected):
                raise Conflict(f"incident {incident_id} is {incident.state}, so it cannot become {to}")
            transaction.run(
                update(tables.incidents)
                .where(tables.incidents.c.id == incident_id)
                .values(state=to.value, reason=reason, **values)
            )
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
            columns["diagnosis"] = DIAGNOSIS.dump(diagnosis)
        with self._database.writing() as transaction:
            transaction.run(update(tables.incidents).where(tables.incidents.c.id == incident_id).values(**columns))

    def first_report(self, incident_id: str) -> Report:
        return self._report(incident_id, newest=False)

    def latest_report(self, incident_id: str) -> Report:
        return self._report(incident_id, newest=True)

    def _report(self, incident_id: str, *, newest: bool) -> Report:
        at = tables.reports.c.received_at
        query = (
            select(tables.reports.c.body)
            .where(tables.reports.c.incident_id == incident_id)
            .order_by(at.desc() if newest else at.asc())
            .limit(1)
        )
        with self._database.reading() as transaction:
            row = transaction.one(query)
        if row is None:
            raise NotFound(f"no report of incident {incident_id}")
        return REPORT.load(row["body"])

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
    return _incident(row)


def _open(transaction: Transaction, incident_id: str, report: Report, fingerprint: str) -> None:
    fault = (report.app_frames or report.frames)[-1] if report.frames else None
    trace_id = hashlib.sha256(f"{incident_id}\0{report.report_id}".encode()).hexdigest()[:32]
    transaction.run(
        insert(tables.incidents).values(
            id=incident_id,
            service=report.service,
            fingerprint=fingerprint,
            state=State.OPEN.value,
            reason="",
            exception_type=report.exception.type,
            exception_message=report.exception.message,
            fault_file=fault.file if fault else None,
            fault_line=fault.line if fault else None,
            fault_function=fault.function if fault else None,
            route=report.request.route if report.request else None,
            count=1 + report.suppressed,
            first_seen=report.received_at,
            last_seen=report.received_at,
            trace_id=trace_id,
            attempt=1,
            opened_on=report.release,
        )
    )
    payload = {"service": report.service, "exception": report.exception.type, "message": report.exception.message[:500]}
    transaction.append("incident.opened", incident_id, payload, trace_id=trace_id, ui_hint="execution")


def _forget_the_middle(transaction: Transaction, incident_id: str) -> None:
    columns = tables.reports.c
    kept = transaction.one(_KEPT, {"incident": incident_id})
    if kept is None or kept["rows"] <= KEPT_REPORTS + SURPLUS_REPORTS:
        return
    rows = transaction.all(
        select(columns.id).where(columns.incident_id == incident_id).order_by(columns.received_at, columns.id)
    )
    surplus = [row["id"] for row in rows[1 : 1 - KEPT_REPORTS]]
    if surplus:
        transaction.run(delete(tables.reports).where(columns.id.in_(surplus)))


__all__ = ["AT_WORK", "ENDS", "Incident", "Incidents"]
