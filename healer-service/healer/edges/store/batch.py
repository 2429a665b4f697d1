"""A batch of reports on its way into the tables: which incident each is one of, and what is kept of it.

Everything is bounded here but the counts, which are exact. It looks at no report beyond the facts of a new incident.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from healer.edges.store import tables
from healer.edges.store.codec import REPORT
from healer.edges.store.comebacks import keep_comebacks
from healer.edges.store.database import Transaction, ago, hour_of
from healer.edges.store.incident import FORGOTTEN, SERVED, SURPLUS, Incident, incident_of
from healer.edges.store.tail import run_each
from healer.model import Report, State

KEPT_REPORTS = 20  # per incident: the first one, and newer ones
FRESH = timedelta(seconds=10)  # so much newer than the newest a report must be to take the place of an older one
TO_THE_HOUR = len("2026-01-02T03")  # of a stamp
KEPT_IDS = 500  # per incident, before the older ones are forgotten; a report that is sent again counts once

INCIDENT, REPORTS, SEEN, EVENTS = tables.incidents.c, tables.reports.c, tables.seen.c, tables.events.c

# Built once: putting a statement together takes longer than running it.
_KNOWN_IDS = select(SEEN.id, SEEN.incident_id).where(SEEN.id.in_(bindparam("ids", expanding=True)))
KNOWN = select(tables.incidents).where(INCIDENT.id.in_(bindparam("ids", expanding=True)))
_OPEN = insert(tables.incidents)
_COUNT = (
    update(tables.incidents)
    .where(INCIDENT.id == bindparam("incident"))
    .values(count=INCIDENT.count + bindparam("more"), last_seen=bindparam("at"))
)
_COUNT_HOUR = (
    "INSERT INTO occurrences (incident_id, hour, count) VALUES (?, ?, ?) "
    "ON CONFLICT (incident_id, hour) DO UPDATE SET count = occurrences.count + excluded.count"
)
_EXPLAIN = update(tables.incidents).where(INCIDENT.id == bindparam("incident")).values(reason=bindparam("why"))
_OF_SERVICE = select(func.count().label("all")).where(INCIDENT.service == bindparam("of"))
_NEW = _OF_SERVICE.where(INCIDENT.first_seen > bindparam("since"))
_FORGOTTEN = select(EVENTS.payload).where(EVENTS.key == bindparam("incident"), EVENTS.type == FORGOTTEN)
_LAST_FORGOTTEN = _FORGOTTEN.order_by(EVENTS.id.desc()).limit(1)
_KEPT = (
    select(REPORTS.incident_id, func.count().label("count"), func.max(REPORTS.received_at).label("newest"))
    .where(REPORTS.incident_id.in_(bindparam("ids", expanding=True)))
    .group_by(REPORTS.incident_id)
)
_KEEP = insert(tables.reports)
_OF_INCIDENT = select(REPORTS.id).where(REPORTS.incident_id == bindparam("incident"))
_SECOND = _OF_INCIDENT.order_by(REPORTS.received_at, REPORTS.id).limit(1).offset(1)
_DROP = delete(tables.reports).where(REPORTS.id == bindparam("report"))
_KNOW_ID = insert(tables.seen)
_NUMBERS = select(SEEN.number).where(SEEN.incident_id == bindparam("incident")).order_by(SEEN.number.desc())
_FORGET_IDS = delete(tables.seen).where(
    SEEN.incident_id == bindparam("incident"),
    SEEN.number <= _NUMBERS.limit(1).offset(KEPT_IDS).scalar_subquery(),
    SEEN.id.not_in(_OF_INCIDENT),  # one that is kept cannot be stored again
)


@dataclass(frozen=True)
class Bounds:
    """Of the incidents of one service. What is beyond them is counted in a single one."""

    new_an_hour: int
    incidents: int


@dataclass
class Arrival:
    """An incident, and what a batch brings of it."""

    incident: Incident
    reports: list[Report] = field(default_factory=list)
    is_new: bool = False

    @property
    def more(self) -> int:
        return sum(1 + report.suppressed for report in self.reports)


class Batch:
    """Reports on their way into the tables, in one transaction."""

    def __init__(self, transaction: Transaction, bounds: Mapping[str, Bounds]) -> None:
        self._transaction = transaction
        self._bounds = bounds
        self._arrivals: dict[str, Arrival] = {}
        self._room: dict[str, int] = {}  # service -> how many new incidents it may still have

    def place(self, reports: Sequence[tuple[Report, str]]) -> list[Arrival]:
        """The arrival that each report belongs to. One whose id is known is with those of then, and counts nothing."""
        ids = [_incident_id(report.service, fingerprint) for report, fingerprint in reports]
        keys = [_key(report) for report, _ in reports]
        known = self._transaction.all(_KNOWN_IDS, {"ids": keys})
        placed = {row["id"]: row["incident_id"] for row in known}
        self._find({*ids, *placed.values()})
        for incident_id, key, (report, fingerprint) in zip(ids, keys, reports, strict=True):
            if key not in placed:
                arrival = self._arrivals.get(incident_id) or self._new(incident_id, report, fingerprint)
                arrival.reports.append(report)
                placed[key] = arrival.incident.id
        return [self._arrivals[placed[key]] for key in keys]

    def store(self) -> list[Arrival]:
        """Write what was placed; the arrivals that count for something, with their incidents as they are now."""
        counted = [arrival for arrival in self._arrivals.values() if arrival.reports]
        if not counted:
            return []
        self._count(counted)
        self._keep(counted)
        keep_comebacks(self._transaction, _comebacks(counted))
        ids = [{"id": _key(report), "incident_id": one.incident.id} for one in counted for report in one.reports]
        self._transaction.run(_KNOW_ID, ids)
        for one in counted:
            if one.incident.count // KEPT_IDS > (one.incident.count - one.more) // KEPT_IDS:  # now and then
                self._transaction.run(_FORGET_IDS, {"incident": one.incident.id})
        return counted

    def _find(self, ids: Iterable[str]) -> None:
        for row in self._transaction.all(KNOWN, {"ids": sorted(ids)}):
            self._arrivals[row["id"]] = Arrival(incident_of(row))

    def _new(self, incident_id: str, report: Report, fingerprint: str) -> Arrival:
        if self._has_room(report.service):
            self._room[report.service] -= 1
            return self._open(_first(incident_id, report, fingerprint))
        surplus = _incident_id(report.service, SURPLUS)
        if surplus not in self._arrivals:
            self._find([surplus])
        return self._arrivals.get(surplus) or self._open(_surplus(surplus, report))

    def _has_room(self, service: str) -> bool:
        if service not in self._room:
            bounds = self._bounds.get(service)
            self._room[service] = 2**31 if bounds is None else self._left(service, bounds)
        return self._room[service] > 0

    def _left(self, service: str, bounds: Bounds) -> int:
        known = self._transaction.one(_OF_SERVICE, {"of": service})
        new = self._transaction.one(_NEW, {"of": service, "since": ago(timedelta(hours=1))})
        assert known is not None
        assert new is not None
        return int(min(bounds.incidents - known["all"], bounds.new_an_hour - new["all"]))

    def _open(self, incident: Incident) -> Arrival:
        forgotten = self._transaction.one(_LAST_FORGOTTEN, {"incident": incident.id})
        if forgotten is not None:
            # Workflows and lines of the log are named by the attempt: those of before must not stand for the new ones.
            incident = replace(incident, attempt=int(forgotten["payload"]["attempt"]) + 1)
        known = {name: value for name, value in vars(incident).items() if value is not None}
        self._transaction.run(_OPEN, {**known, "state": incident.state.value})
        payload = {
            "service": incident.service,
            "exception": incident.exception_type,
            "message": incident.exception_message[:500],
        }
        self._transaction.append(
            "incident.opened", incident.id, payload, trace_id=incident.trace_id, ui_hint="execution"
        )
        self._arrivals[incident.id] = Arrival(incident, is_new=True)
        return self._arrivals[incident.id]

    def _count(self, counted: Sequence[Arrival]) -> None:
        for one in counted:
            count, last_seen = one.incident.count + one.more, one.reports[-1].received_at
            one.incident = replace(one.incident, count=count, last_seen=last_seen)
            if one.incident.fingerprint == SURPLUS:
                one.incident = replace(one.incident, reason=self._why(one.incident))
                self._transaction.run(_EXPLAIN, {"incident": one.incident.id, "why": one.incident.reason})
        rows = [{"incident": one.incident.id, "more": one.more, "at": one.incident.last_seen} for one in counted]
        self._transaction.run(_COUNT, rows)
        hours = Counter[tuple[str, str]]()
        for one in counted:
            for report in one.reports:
                hours[one.incident.id, report.received_at[:TO_THE_HOUR]] += 1 + report.suppressed
        of_hours = [(incident_id, hour_of(f"{hour}:00Z"), more) for (incident_id, hour), more in hours.items()]
        run_each(self._transaction.connection, _COUNT_HOUR, of_hours)

    def _why(self, incident: Incident) -> str:
        bounds = self._bounds.get(incident.service)
        allowed = f" ({bounds.new_an_hour} an hour, {bounds.incidents} in all)" if bounds else ""
        return (
            f"The service reported more new kinds of crashes than it may{allowed}. {incident.count} reports since "
            f"{incident.first_seen} are only counted here, and nothing of them is healed. If they are real, raise "
            "new_incidents_per_hour of the service, or HEALER_MAX_INCIDENTS."
        )

    def _keep(self, counted: Sequence[Arrival]) -> None:
        kept = {
            row["incident_id"]: row
            for row in self._transaction.all(_KEPT, {"ids": [one.incident.id for one in counted if not one.is_new]})
        }
        rows: list[dict[str, Any]] = []
        for one in counted:
            row = kept.get(one.incident.id)
            room = KEPT_REPORTS - (row["count"] if row else 0)
            chosen = one.reports[: max(room, 0)]
            if room <= 0 and row and _is_fresh(one.reports[-1], row["newest"]):
                chosen = one.reports[-1:]
                second = self._transaction.one(_SECOND, {"incident": one.incident.id})
                assert second is not None
                self._transaction.run(_DROP, {"report": second["id"]})
            rows += [
                {
                    "id": _key(report),
                    "incident_id": one.incident.id,
                    "received_at": report.received_at,
                    "body": REPORT.dump(report),
                }
                for report in chosen
            ]
        if rows:
            self._transaction.run(_KEEP, rows)


def _key(report: Report) -> str:
    """What two services call by the same id are two reports."""
    return hashlib.sha256(f"{report.service}\0{report.report_id}".encode()).hexdigest()


def _incident_id(service: str, fingerprint: str) -> str:
    return hashlib.sha256(f"{service}\0{fingerprint}".encode()).hexdigest()[:12]


def _comebacks(counted: Iterable[Arrival]) -> Iterable[tuple[str, str, str]]:
    newest = {
        (one.incident.id, report.release): report.received_at
        for one in counted
        if one.incident.state in SERVED
        for report in one.reports
        if report.release is not None
    }
    return ((incident_id, release, at) for (incident_id, release), at in newest.items())


def _is_fresh(report: Report, newest: str) -> bool:
    return datetime.fromisoformat(report.received_at) - datetime.fromisoformat(newest) >= FRESH


def _first(incident_id: str, report: Report, fingerprint: str) -> Incident:
    """A new incident, which has counted nothing yet."""
    fault = (report.app_frames or report.frames)[-1] if report.frames else None
    return Incident(
        id=incident_id,
        service=report.service,
        fingerprint=fingerprint,
        state=State.OPEN,
        reason="",
        exception_type=report.exception.type,
        exception_message=report.exception.message,
        fault_file=fault.file if fault else None,
        fault_line=fault.line if fault else None,
        fault_function=fault.function if fault else None,
        route=report.request.route if report.request else None,
        count=0,
        first_seen=report.received_at,
        last_seen=report.received_at,
        trace_id=hashlib.sha256(f"{incident_id}\0{report.report_id}".encode()).hexdigest()[:32],
        attempt=1,
        diagnosis=None,
        base=None,
        feedback=None,
        origin=None,
        release=None,
        soak_until=None,
        opened_on=report.release,
        opened_at=report.received_at,
        # Which files an approximate report is about is only found out by its heal.
        own=bool(report.app_frames or (report.approximate and report.frames)),
    )


def _surplus(incident_id: str, report: Report) -> Incident:
    return replace(
        _first(incident_id, report, SURPLUS),
        state=State.DECLINED,
        exception_type="Various",
        exception_message="crashes beyond the service's bounds on new incidents",
        fault_file=None,
        fault_line=None,
        fault_function=None,
        route=None,
        opened_on=None,
        own=False,
    )
