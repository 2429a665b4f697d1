"""Sends what heals did to an OpenTelemetry collector, as it ends. What the spans are, spans.py reads out of the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from prometheus_client import Counter

from healer.edges.bus import Bus
from healer.edges.store import Store, age
from healer.edges.tracing import Collector, Span
from healer.model import Event
from healer.pipeline.following import Follower
from healer.pipeline.parts import Parts
from healer.pipeline.spans import TYPES, ended_by

log = structlog.get_logger()

MARK = "traces"
MOST_EVENTS = 2000  # of these types about one incident, that its spans are read from
OLDEST = timedelta(days=1)  # what ended before, while no collector was set, is no news to one
PAUSES = (1.0, 5.0, 15.0, 30.0)  # between the tries to send; then it is given up
SPANS = Counter("healer_spans", "Spans of traces by what came of them: sent or dropped.", ["outcome"], registry=None)


_OUTCOMES = ("sent", "dropped")


def forget_traces(store: Store) -> None:
    """Where no collector is set: one that is set again one day begins anew."""
    store.marks.keep(MARK, ())


class Tracing:
    def __init__(self, parts: Parts, bus: Bus, collector: Collector) -> None:
        self._parts = parts
        self._collector = collector
        self._follower = Follower(MARK, parts.store, bus, TYPES, self._work)
        self._counts = {outcome: SPANS.labels(outcome) for outcome in _OUTCOMES}

    def start(self) -> None:
        self._follower.start()

    def end(self) -> None:
        self._follower.end()
        self._collector.close()  # which lets go of what waits to ask again

    def stop(self, deadline: float) -> None:
        self.end()
        self._follower.stop(deadline)

    def _work(self, events: Sequence[Event]) -> None:
        spans = self._spans(events)
        if spans and self._is_done_with(spans):
            self._follower.done(events[-1].id)

    def _spans(self, events: Sequence[Event]) -> list[Span]:
        events = [event for event in events if age(event.timestamp) < OLDEST]
        stories = {key: self._parts.store.log.of_key(key, MOST_EVENTS, TYPES) for key in {one.key for one in events}}
        services = self._parts.store.incidents.services_of(stories)  # but those that are deleted meanwhile
        return [span for event in events for span in ended_by(event, stories[event.key], services.get(event.key, ""))]

    def _is_done_with(self, spans: Sequence[Span]) -> bool:
        """Whether they were sent or dropped; not when the healer ends meanwhile."""
        for pause in (*PAUSES, None):
            if self._collector.send(spans):
                self._counts["sent"].inc(len(spans))
                return True
            if not self._follower.pause(pause or 0):
                return False
        self._counts["dropped"].inc(len(spans))
        log.warning("traces dropped: the collector does not take them", spans=len(spans))
        return True
