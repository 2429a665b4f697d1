"""Crashes that came back although a release was to heal them, on their way to the rollout: off the way in of reports.

Whether a release holds the fix is git's to say, and git may be busy with the network for long. It decides nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from healer.edges.store import SERVED, Incident, Store

log = structlog.get_logger()

MOST = 100  # of a service that wait: a reporter may name any release

Look = Callable[[Incident, str], None]


class Returned:
    def __init__(self, store: Store, look: Look) -> None:
        """`look` is given the release that reported the crash."""
        self._store = store
        self._look = look
        self._lock = threading.Lock()
        # service -> (incident, release), in order; a service that is listed has a thread
        self._waiting: dict[str, dict[tuple[str, str], None]] = {}
        self._recalled = 0  # the number of the last comeback that was recalled

    def recall(self) -> None:
        """Look at what came since each fix went live, and since the last recall: a killed process may have owed the
        look, or another one may have taken the report in.
        """
        until = self._store.comebacks.last()
        if until > self._recalled:
            for one in self._store.comebacks.between(self._recalled, until):
                self.put(one.service, one.incident_id, one.release)
            self._recalled = until

    def put(self, service: str, incident_id: str, release: str) -> None:
        """Have it looked at now. What is beyond the bound is left out; it counts when it comes again."""
        with self._lock:
            busy = service in self._waiting
            waiting = self._waiting.setdefault(service, {})
            if len(waiting) < MOST:
                waiting.setdefault((incident_id, release))
        if not busy:
            threading.Thread(target=self._work, args=(service,), name=f"returned {service}", daemon=True).start()

    def _work(self, service: str) -> None:
        while waiting := self._next(service):
            for incident_id, release in waiting:
                try:
                    incident = self._store.incidents.get(incident_id)
                    if incident.state in SERVED:
                        self._look(incident, release)
                except Exception:  # it must not keep the others from being looked at
                    log.exception("a returned crash was not looked at", service=service, incident=incident_id)

    def _next(self, service: str) -> list[tuple[str, str]]:
        with self._lock:
            waiting = self._waiting.pop(service)
            if waiting:
                self._waiting[service] = {}
            return list(waiting)
