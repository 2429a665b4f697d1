"""What `/metrics` shows to Prometheus: how things are now, and beside it what counting.py has counted.

Names follow Prometheus's conventions; the list with what each means is in docs/observing.md. No label holds an
incident's id, a message or a route: their number has no bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version

import structlog
from prometheus_client import (
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from healer.edges.sandbox import RUNS
from healer.model import BadInput, State, StoreError
from healer.pipeline import stopping
from healer.pipeline.notifying import MESSAGES
from healer.pipeline.tracing import SPANS
from healer.web.counting import Counting
from healer.web.needs import Web

log = structlog.get_logger()


class Metrics:
    def __init__(self, web: Web) -> None:
        # A series each that says when the process began: process_start_time_seconds does that once.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._counting = Counting(web.store, self._registry, web.parts.services)
        for collector in (_Now(web), RUNS, MESSAGES, SPANS):
            self._registry.register(collector)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def text(self) -> bytes:
        self._counting.catch_up()
        return generate_latest(self._registry)


class _Now(Collector):
    """How it is at this moment."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def describe(self) -> Iterable[Metric]:
        return ()  # else it would be collected before there is anything to ask

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("healer_build", "The running version.", {"version": version("healer")})
        yield self._incidents()
        yield self._proposals()
        yield self._queue()
        yield self._forges()
        streams = self._web.feed.streams
        yield GaugeMetricFamily("healer_event_streams", "Pages and commands that follow the events.", streams)
        stopped = stopping.switch(self._web.parts).stopped
        yield GaugeMetricFamily("healer_automation_stopped", "1 while all automation is stopped.", int(stopped))
        yield self._log()

    def _incidents(self) -> Metric:
        counted = self._web.store.incidents.count_by_state()
        gauge = GaugeMetricFamily("healer_incidents", "Incidents by state.", labels=["service", "state"])
        for service in sorted({*self._web.parts.services, *(service for service, _ in counted)}):
            for state in State:
                gauge.add_metric([service, state.value], counted.get((service, state.value), 0))
        return gauge

    def _proposals(self) -> Metric:
        waiting = self._web.store.proposals.count_open()
        gauge = GaugeMetricFamily("healer_proposals_open", "Proposals that wait for a decision.", labels=["service"])
        for service in self._web.parts.services:
            gauge.add_metric([service], waiting.get(service, 0))
        return gauge

    def _queue(self) -> Metric:
        waiting = self._web.intake.waiting()
        says = "Reports that wait to be stored."
        gauge = GaugeMetricFamily("healer_intake_queue", says, labels=["service"])
        for service in self._web.parts.services:
            gauge.add_metric([service], waiting.get(service, 0))
        return gauge

    def _forges(self) -> Metric:
        says = "Requests that a service's forge still allows in the running hour."
        gauge = GaugeMetricFamily("healer_forge_requests_remaining", says, labels=["service"])
        for name, service in self._web.parts.services.items():
            remaining = service.forge.limits().remaining
            if remaining is not None:
                gauge.add_metric([name], remaining)
        return gauge

    def _log(self) -> Metric:
        """Without a sample while the database cannot say: that it is busy is no flaw."""
        says = "0 when the end of the event log is not as it was left; a full check is `healer audit verify`."
        gauge = GaugeMetricFamily("healer_audit_chain_ok", says)
        try:
            gauge.add_metric([], int(self._web.store.auditor.look_at_the_end().flaw is None))
        except BadInput:
            gauge.add_metric([], 0)
        except StoreError as error:
            log.warning("the end of the event log cannot be looked at", reason=str(error))
        return gauge
