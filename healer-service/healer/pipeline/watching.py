"""Looks at a release that users have since a short time, and says when it has to be left, or has stood its time.

What it sees: which release is served, what users got from it, and the crashes that it was the first to report.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

from healer.edges.store import Incident, Release
from healer.model import Serving, State, Traffic
from healer.pipeline.blaming import blame
from healer.pipeline.carrying import deployment_of, holds, note_healed, tell
from healer.pipeline.healing import about
from healer.pipeline.parts import Parts, Service
from healer.stages import probing, soaking

REPORTS_LAG = timedelta(seconds=12)  # the client's quiet time of ten seconds, and the way here
_FIGURES = frozenset(one.name for one in fields(Traffic))


class Watcher:
    """Over the releases of one service. What it was told to look at dies with the process; the store has the rest."""

    def __init__(self, parts: Parts, service: Service) -> None:
        self._parts = parts
        self._service = service
        self._suspects: dict[str, set[str]] = {}  # release -> incidents it reports although they were resolved
        self._seen: dict[str, deque[tuple[datetime, Traffic]]] = {}  # release -> what users got, at each look
        self._cleared: set[tuple[str, str]] = set()  # (release, incident)

    def suspect(self, incident_id: str, release: str) -> None:
        self._suspects.setdefault(release, set()).add(incident_id)

    def look(self, release: Release) -> str:
        """Why the release must be left; "" while nothing speaks against it."""
        serving = deployment_of(self._service).serving()
        return self._gone(release, serving) or self._breaks(release) or self._worse(release, serving)

    def is_over(self, release: Release) -> bool:
        """Whether it has stood its time, and nothing is left that it is suspected of."""
        return (release.until or 0.0) <= time.time() and not self.is_suspected(release)

    def is_suspected(self, release: Release, incident_id: str = "") -> bool:
        """Of any crash, or of one, that it is still to be judged by."""
        return any(incident_id in ("", one.id) for one in self._unjudged(release))

    def _gone(self, release: Release, serving: Serving) -> str:
        """Left already by whatever serves it: it does so without asking when its processes die or hang."""
        if serving.state == "unhealthy":
            return "Its health address does not answer any more as it should."
        there = [name for name in (serving.release, serving.canary) if name is not None]
        if not there or any(holds(self._service, name, release.commit) for name in there):
            return ""
        return serving.fell_back or f"{there[0][:10]} is served instead: somebody changed it without the healer."

    def _breaks(self, release: Release) -> str:
        for incident in self._unjudged(release):
            reason = blame(self._parts, self._service, incident, release)
            if reason is None:
                continue  # it cannot be said now
            payload = {"commit": release.commit, "incident": incident.id, "blamed": bool(reason), "why": reason}
            tell(self._parts, self._service, (incident,), "release.suspected", payload, release.commit)
            if reason:
                return f"It breaks something new: {reason}"
            self._cleared.add((release.commit, incident.id))
        return ""

    def _worse(self, release: Release, serving: Serving) -> str:
        traffic = serving.traffic.get(release.commit)
        if traffic is None or release.live_at is None:
            return ""
        self._note_requests(release, traffic)
        figures = release.before or {}
        before = Traffic(**{name: figures[name] for name in _FIGURES}) if figures.keys() >= _FIGURES else None
        told = max(0, self._parts.store.incidents.crashes(self._service.name) - int(figures.get("known", 0)))
        counted = self._counted(release, traffic)
        return soaking.worse(before, replace(traffic, failed=0), 0) or (
            soaking.worse(before, counted, told) if counted is not None else ""
        )

    def _counted(self, release: Release, traffic: Traffic) -> Traffic | None:
        """The newest figures whose failures the reports had time to explain.

        What is reported is judged crash by crash, so it must not count here as well; but a client sends a crash that
        repeats only every few seconds, with the count.
        """
        now = datetime.now(UTC)
        seen = self._seen.setdefault(release.commit, deque(maxlen=60))
        seen.append((now, traffic))
        last = self._parts.store.incidents.last_seen(self._service.name)
        if last is None or now - datetime.fromisoformat(last.replace("Z", "+00:00")) > REPORTS_LAG:
            return traffic
        return next((one for at, one in reversed(seen) if now - at > REPORTS_LAG), None)

    def _note_requests(self, release: Release, traffic: Traffic) -> None:
        """The first real request of the kind was answered: that is what healed means to a user."""
        if not traffic.watched or traffic.watched_failed:
            return
        for incident in self._parts.store.incidents.released_with(self._service.name, (release.commit,)):
            request = about(self._parts, incident.id)[2].request
            waits = request is not None and not probing.safe_to_repeat(request, self._service.safe_requests)
            if waits and incident.state in (State.RELEASING, State.SOAKING):
                note_healed(self._parts, incident, "request")

    def _unjudged(self, release: Release) -> list[Incident]:
        found = {one.id: one for one in self._parts.store.incidents.opened_on(self._service.name, release.commit)}
        for incident_id in self._suspects.get(release.commit, ()):
            found[incident_id] = self._parts.store.incidents.get(incident_id)
        return [one for one in found.values() if (release.commit, one.id) not in self._cleared]
