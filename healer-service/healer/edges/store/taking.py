"""Takes reports in, in batches, and has the log say so: a line for each incident, and in a flood one a second."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from healer.edges.store.batch import KNOWN, Arrival, Batch, Bounds
from healer.edges.store.database import Database, Transaction
from healer.edges.store.incident import Incident, incident_of
from healer.model import Report

MOST_REASONS = 20  # that one line names for what clients dropped; the rest is one number
MOST_REMEMBERED = 5000  # incidents whose last line is known, before those are forgotten that are due again
SECONDS_BETWEEN_LINES = 1.0  # that the log gets about the reports of one incident


@dataclass(frozen=True)
class _Untold:
    """Reports that the log has no line about yet."""

    new: int
    release: str | None


class Taking:
    def __init__(self, database: Database, between_lines: float = SECONDS_BETWEEN_LINES) -> None:
        self._database = database
        self._between_lines = between_lines
        self._lock = threading.Lock()
        self._told: dict[str, float] = {}  # incident, or key of a service -> when the log got the last line about it
        self._untold: dict[str, _Untold] = {}
        self._lost: dict[str, Counter[str]] = {}  # service -> what its clients dropped, that the log knows nothing of

    def take(self, reports: Sequence[tuple[Report, str]], bounds: Mapping[str, Bounds]) -> list[Incident]:
        """The incident of each report, which come with their fingerprints; all are stored, or none.

        `bounds` by service; one that is not named has none.
        """
        with self._lock:
            with self._database.writing() as transaction:
                batch = Batch(transaction, bounds)
                of_each = batch.place(reports)
                counted = batch.store()
                untold = self._untold | {one.incident.id: self._with(one) for one in counted}
                lost = _with_lost(self._lost, counted)
                due = [one.incident for one in counted if one.is_new or self._is_due(one.incident.id)]
                _tell(transaction, due, untold)
                of_services = self._tell_lost(transaction, lost)
            self._remember(untold, lost, [*(incident.id for incident in due), *of_services])
        return [arrival.incident for arrival in of_each]

    def tell(self) -> None:
        """Give the log the lines that are due: in a flood not every batch gets one."""
        with self._lock:
            due = [incident_id for incident_id in self._untold if self._is_due(incident_id)]
            if due or self._lost:
                with self._database.writing() as transaction:
                    incidents = [incident_of(row) for row in transaction.all(KNOWN, {"ids": due})]
                    _tell(transaction, incidents, self._untold)
                    due += self._tell_lost(transaction, self._lost)
                # One that was deleted meanwhile has nothing to tell either.
                self._remember(self._untold, self._lost, due)

    def _with(self, arrival: Arrival) -> _Untold:
        known = self._untold.get(arrival.incident.id)
        return _Untold(arrival.more + (known.new if known else 0), arrival.reports[-1].release)

    def _tell_lost(self, transaction: Transaction, lost: Mapping[str, Counter[str]]) -> list[str]:
        """The keys of the services that it told of."""
        due = {_of_service(service): what for service, what in lost.items() if self._is_due(_of_service(service))}
        for key, what in due.items():
            transaction.append("reports.lost", key, what, trace_id="", ui_hint="execution")
        return list(due)

    def _is_due(self, key: str) -> bool:
        told = self._told.get(key)
        return told is None or time.monotonic() - told >= self._between_lines

    def _remember(self, untold: Mapping[str, _Untold], lost: Mapping[str, Counter[str]], told: Iterable[str]) -> None:
        """After the commit: what was rolled back is still to be told."""
        just_now = dict.fromkeys(told, time.monotonic())
        self._told |= just_now
        if len(self._told) > MOST_REMEMBERED:
            self._told = {known: at for known, at in self._told.items() if not self._is_due(known)}
        self._untold = {known: what for known, what in untold.items() if known not in just_now}
        self._lost = {service: what for service, what in lost.items() if _of_service(service) not in just_now}


def _of_service(name: str) -> str:
    return f"service/{name}"


def _with_lost(known: Mapping[str, Counter[str]], counted: Iterable[Arrival]) -> dict[str, Counter[str]]:
    lost = {service: Counter(what) for service, what in known.items()}
    for report in (report for one in counted for report in one.reports if any(report.lost.values())):
        of_service = lost.setdefault(report.service, Counter())
        for reason, number in report.lost.items():
            of_service[reason if reason in of_service or len(of_service) < MOST_REASONS else "other"] += number
    return lost


def _tell(transaction: Transaction, incidents: Iterable[Incident], untold: Mapping[str, _Untold]) -> None:
    for incident in incidents:
        what = untold[incident.id]
        payload = {"new": what.new, "count": incident.count, "release": what.release, "route": incident.route}
        transaction.append("report.received", incident.id, payload, trace_id=incident.trace_id, ui_hint="execution")
