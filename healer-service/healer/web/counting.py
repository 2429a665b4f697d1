"""Counts what the event log says, since the start of the process, for /metrics. It reads the log when it is asked.

So nothing runs for metrics that nobody wants, and what was counted is what is in the log. No label holds foreign text.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

from healer.edges.store import Store, now
from healer.model import ENDS, Event, State

log = structlog.get_logger()

SLICE = 500  # events in one read
MOST_AT_ONCE = 30_000  # lines that one scrape goes on by: 2,000 a second with a scrape each 15 seconds
MOST_REMEMBERED = 10_000  # incidents whose service is known without asking
STATES = ("incident.opened", "incident.state")

_STAGES = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_PROPOSALS = (1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
_HEALED = (5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400, 604_800)
_ANSWERS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300)

_CANDIDATE_OUTCOMES = {True: "accepted", False: "refused"}
_OPENED = "opened"
_PROPOSAL_OUTCOMES = {f"proposal.{outcome}": outcome for outcome in ("merged", "rejected", "obsolete")}
_RELEASE_OUTCOMES = {
    f"release.{outcome}": outcome for outcome in ("live", "failed", "rolled_back", "superseded", "stuck")
}


class Counting:
    def __init__(self, store: Store, registry: CollectorRegistry, services: Iterable[str]) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._since = now()
        self._position: int | None = None
        self._counted = 0  # up to here by type
        self._services: dict[str, str] = {}  # incident -> service
        self._released: dict[tuple[str, str, str], set[str]] = {}  # what was told of a release -> to whom
        self._metrics = _Metrics(registry, services)
        of_type: dict[str, Callable[[Event], None]] = {
            "report.received": self._reports,
            "reports.lost": self._lost,
            "incident.state": self._state,
            "incident.healed": self._healed,
            "heal.started": self._heal,
            "stage.finished": self._stage,
            "candidate.judged": self._candidate,
            "model.asked": self._asked,
            "model.answered": self._answered,
            "proposal.opened": self._opened,
        }
        of_type |= dict.fromkeys(_PROPOSAL_OUTCOMES, self._proposal)
        of_type |= dict.fromkeys(_RELEASE_OUTCOMES, self._release)
        self._of_type = of_type

    def catch_up(self) -> None:
        """Count what has come since the last time: in a flood, some of it the next time. While it counts for one who
        asks, others do not wait: they see what is counted so far.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._go_on()
        finally:
            self._lock.release()

    def _go_on(self) -> None:
        source = self._store.log
        if self._position is None:
            self._position = self._counted = source.last_before(self._since)
        end = min(source.last_id(), self._position + MOST_AT_ONCE)
        if end > self._counted:
            for type, number in source.count(self._counted, end).items():
                self._metrics.events.labels(type).inc(number)
            self._counted = end
        while events := [one for one in source.after(self._position, SLICE, self._of_type) if one.id <= end]:
            self._learn_services(events)
            for event in events:
                self._count(event)
                self._position = event.id  # one by one: whatever fails next, this one is counted
        self._position = max(end, self._position)

    def _count(self, event: Event) -> None:
        """Asks what it must know before it counts; so what it fails at it has not counted."""
        try:
            self._of_type[event.type](event)
        except (KeyError, TypeError, ValueError, AttributeError):  # written by another version: the others still count
            log.exception("an event cannot be counted", event_id=event.id, type=event.type)

    def _service_of(self, event: Event) -> str:
        if event.key.startswith("service/"):
            return event.key.removeprefix("service/")
        if event.key not in self._services:  # it is deleted, but the log remembers
            told = self._store.log.of_key(event.key, 1, ("incident.opened", "incident.forgotten"))
            self._services[event.key] = str(told[0].payload["service"]) if told else "unknown"
        return self._services[event.key]

    def _learn_services(self, events: Sequence[Event]) -> None:
        if len(self._services) >= MOST_REMEMBERED:
            self._services.clear()
        unknown = {event.key for event in events} - self._services.keys()
        self._services |= self._store.incidents.services_of(unknown)

    def _reports(self, event: Event) -> None:
        self._metrics.reports.labels(self._service_of(event)).inc(event.payload["new"])

    def _lost(self, event: Event) -> None:
        self._metrics.lost.labels(self._service_of(event)).inc(sum(event.payload.values()))

    def _heal(self, event: Event) -> None:
        self._metrics.started.labels(event.key.removeprefix("heals/")).inc()

    def _state(self, event: Event) -> None:
        to = str(event.payload["to"])
        if to in ENDS:
            self._metrics.heals.labels(self._service_of(event), to).inc()
        if to == State.PROPOSED and (seconds := self._seconds_to_proposal(event)) is not None:
            self._metrics.to_proposal.labels(self._service_of(event)).observe(seconds)

    def _seconds_to_proposal(self, proposed: Event) -> float | None:
        """From the opening on; None for a later round of what was proposed before."""
        for event in reversed(self._store.log.of_key(proposed.key, SLICE, STATES)):
            if event.id >= proposed.id:
                continue
            if _begins(event):
                return _seconds(event.timestamp, proposed.timestamp)
            if event.payload["to"] == State.PROPOSED:
                return None
        return None

    def _healed(self, event: Event) -> None:
        self._metrics.to_healed.labels(self._service_of(event)).observe(event.payload["seconds"])

    def _stage(self, event: Event) -> None:
        self._metrics.stages.labels(str(event.payload["stage"])).observe(event.payload["seconds"])

    def _candidate(self, event: Event) -> None:
        outcome = _CANDIDATE_OUTCOMES[bool(event.payload["accepted"])]
        self._metrics.candidates.labels(self._service_of(event), outcome).inc()

    def _asked(self, event: Event) -> None:
        self._metrics.tokens.inc(event.payload["tokens"])

    def _answered(self, event: Event) -> None:
        self._metrics.answers.observe(event.payload["seconds"])

    def _opened(self, event: Event) -> None:
        self._metrics.proposals.labels(self._service_of(event), _OPENED).inc()

    def _proposal(self, event: Event) -> None:
        self._metrics.proposals.labels(self._service_of(event), _PROPOSAL_OUTCOMES[event.type]).inc()

    def _release(self, event: Event) -> None:
        """Told once for each incident that it is about; the same one is told the same again only of another try."""
        service, outcome = self._service_of(event), _RELEASE_OUTCOMES[event.type]
        told = self._released.get((service, outcome, _commit(event.payload)))
        if told is not None and event.key not in told:
            told.add(event.key)
            return
        if len(self._released) >= MOST_REMEMBERED:
            self._released.clear()
        self._released[service, outcome, _commit(event.payload)] = {event.key}
        self._metrics.releases.labels(service, outcome).inc()


class _Metrics:
    def __init__(self, registry: CollectorRegistry, services: Iterable[str]) -> None:
        def counter(name: str, says: str, *labels: str) -> Counter:
            return Counter(f"healer_{name}", says, labels, registry=registry)

        def histogram(name: str, says: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"healer_{name}_seconds", says, labels, buckets=buckets, registry=registry)

        self.events = counter("events", "Lines of the event log.", "type")
        self.reports = counter("reports", "Crashes reported, with those a client counted without sending.", "service")
        self.lost = counter(
            "reports_lost", "Crashes that clients had to drop before they could report them.", "service"
        )
        self.started = counter("heals_started", "Heals that began.", "service")
        self.heals = counter("heals", "Incidents that came to an end, by which.", "service", "outcome")
        self.stages = histogram("stage", "Stages of heals and releases.", _STAGES, "stage")
        self.candidates = counter("candidates", "Patches that were judged.", "service", "outcome")
        self.proposals = counter("proposals", "Proposals opened, and what became of them.", "service", "outcome")
        self.releases = counter("releases", "What became of releases.", "service", "outcome")
        self.to_proposal = histogram("time_to_proposal", "From the crash to a proposed fix.", _PROPOSALS, "service")
        self.to_healed = histogram("time_to_healed", "From the crash to a service without it.", _HEALED, "service")
        self.answers = histogram("model_answer", "Answers of the model.", _ANSWERS)
        self.tokens = counter("model_prompt_tokens", "Tokens that the model was asked with.")
        for service in services:
            self._begin(service)

    def _begin(self, service: str) -> None:
        """At 0, before anything has happened: what begins at 1 has not risen, as Prometheus sees it."""
        for of_service in (self.reports, self.lost, self.started, self.to_proposal, self.to_healed):
            of_service.labels(service)
        for metric, outcomes in (
            (self.heals, ENDS),
            (self.candidates, _CANDIDATE_OUTCOMES.values()),
            (self.proposals, (_OPENED, *_PROPOSAL_OUTCOMES.values())),
            (self.releases, _RELEASE_OUTCOMES.values()),
        ):
            for outcome in outcomes:
                metric.labels(service, outcome)


def _begins(event: Event) -> bool:
    return event.type == "incident.opened" or (event.payload["to"] == State.OPEN and event.payload["from"] in ENDS)


def _seconds(since: str, until: str) -> float:
    span = datetime.fromisoformat(until) - datetime.fromisoformat(since)
    return max(span.total_seconds(), 0.0)


def _commit(payload: Mapping[str, Any]) -> str:
    return str(payload.get("commit", ""))
