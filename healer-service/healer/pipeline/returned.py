"""Crashes that came back although a release was to heal them, on their way to the rollout: off the way in of reports.

Whether a release holds the fix is git's to say, and git may be busy with the network for long. It decides nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from healer.edges.store import Incident, Store
from healer.model import Report
from healer.pipeline.carrying import SERVED

log = structlog.get_logger()

MOST = 100  # of a service that wait: a reporter may name any release

Look = Callable[[Incident, Report], None]


class Returned:
    def __init__(self, store: Store, look: Look) -> None:
        self._store = store
        self._look = look
        self._lock = threading.Lock()
        # service -> (incident, release) -> a report of it; a service that is listed has a thread
        self._waiting: dict[str, dict[tuple[str, str | None], Report]] = {}
        self._recalled: dict[str, str] = {}  # incident -> when it was seen last, at the last recall

    def recall(self) -> None:
        """Look once more at what came since each fix went live: a killed process may have owed the look, or another one
        may have taken the report in. What has not come again since the last recall is left out.
        """
        recalled, self._recalled = self._recalled, {}
        for incident in self._store.incidents.list(SERVED):
            self._recalled[incident.id] = incident.last_seen
            if incident.last_seen == recalled.get(incident.id):
                continue
            release = self._store.releases.get(incident.service, incident.release) if incident.release else None
            if release is not None and release.live_at is not None and incident.last_seen > release.live_at:
                self.put(incident, self._store.incidents.latest_report(incident.id))

    def put(self, incident: Incident, report: Report) -> None:
        """Have it looked at now. What is beyond the bound is left out; it counts when it comes again."""
        with self._lock:
            busy = incident.service in self._waiting
            waiting = self._waiting.setdefault(incident.service, {})
            if len(waiting) < MOST:
                waiting.setdefault((incident.id, report.release), report)
        if not busy:
            name = f"returned {incident.service}"
            threading.Thread(target=self._work, args=(incident.service,), name=name, daemon=True).start()

    def _work(self, service: str) -> None:
        while reports := self._next(service):
            for (incident_id, _), report in reports.items():
                try:
                    incident = self._store.incidents.get(incident_id)
                    if incident.state in SERVED:
                        self._look(incident, report)
                except Exception:  # it must not keep the others from being looked at
                    log.exception("a returned crash was not looked at", service=service, incident=incident_id)

    def _next(self, service: str) -> dict[tuple[str, str | None], Report]:
        with self._lock:
            reports = self._waiting.pop(service)
            if reports:
                self._waiting[service] = {}
            return reports
