"""The traces of heals, as a collector gets them over real HTTP: the tree, the ids, and that nothing waits for it."""

import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from healer.edges.tracing import Collector, Span
from healer.model import State
from healer.pipeline import tracing
from healer.pipeline.following import STOP_SECONDS
from healer.pipeline.parts import Parts
from healer.pipeline.tracing import Tracing, forget_traces
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.healer.notified import a_receiver, counted, until
from tests.healer.samples import a_report


@pytest.fixture
def receiver(monkeypatch):
    monkeypatch.setattr(tracing, "PAUSES", (0.01, 0.01))
    tracing.SPANS.clear()
    with a_receiver() as made:
        yield made


@contextmanager
def traced(store, bus, url):
    running = Tracing(Parts(store, {}, "", 1), bus, Collector(url))
    running.start()
    try:
        yield
    finally:
        running.stop(time.monotonic() + STOP_SECONDS)


def spans(receiver):
    """As they came, with the resource that each came with."""
    found = []
    for message in receiver.received:
        assert message.path == "/v1/traces"
        for of_resource in ExportTraceServiceRequest.FromString(message.body).resource_spans:
            resource = {one.key: one.value.string_value for one in of_resource.resource.attributes}
            assert resource["service.name"] == "healer"
            found += [span for scope in of_resource.scope_spans for span in scope.spans]
    return found


class Heal:
    """Writes the events of a heal as the workflows do."""

    def __init__(self, store):
        self._store = store
        self.incident = store.incidents.take(a_report(), "f")

    def note(self, type, **payload):
        self._store.log.append(type, self.incident.id, payload, trace_id=self.incident.trace_id, ui_hint="execution")

    def stage(self, name, *within, detail=""):
        self.note("stage.started", stage=name)
        for act in within:
            act()
        self.note("stage.finished", stage=name, seconds=0.1, detail=detail)

    def move(self, *states, reason=""):
        for state in states:
            self._store.incidents.move(self.incident.id, state, reason, expected=State)

    def to(self, state):
        return lambda: self.move(state)


def heal(store):
    made = Heal(store)
    made.stage("fetch", made.to(State.DIAGNOSING))
    made.stage("repair", made.to(State.REPAIRING), lambda: made.note("model.answered", answer=1, seconds=2.0))
    made.stage("propose", made.to(State.PROPOSED))
    made.move(State.MERGED, State.RELEASING)
    made.stage("prepare")
    made.stage("verify")
    made.move(State.SOAKING, State.RESOLVED, reason="private words")
    return made


def tree(found):
    """name -> name of its parent."""
    names = {span.span_id: span.name for span in found}
    assert len(names) == len(found), "two spans of one id"
    return {span.name: names[span.parent_span_id] if span.parent_span_id else "" for span in found}


def test_a_heal_is_one_tree_of_its_trace(store, bus, receiver):
    with traced(store, bus, receiver.url):
        made = heal(store)
        until(lambda: len(spans(receiver)) == 10)
    found = spans(receiver)
    assert tree(found) == {
        "heal": "",
        "fetch": "heal",
        "repair": "heal",
        "model answer": "repair",
        "propose": "heal",
        "decision": "heal",
        "release": "heal",
        "prepare": "release",
        "verify": "release",
        "soak": "release",
    }
    assert {span.trace_id.hex() for span in found} == {made.incident.trace_id}
    by_name = {span.name: span for span in found}
    whole, answer = by_name["heal"], by_name["model answer"]
    for span in found:
        assert whole.start_time_unix_nano <= span.start_time_unix_nano or span is answer  # which says itself how long
        assert span.start_time_unix_nano <= span.end_time_unix_nano <= whole.end_time_unix_nano
    assert answer.end_time_unix_nano - answer.start_time_unix_nano == 2 * 10**9
    attributes = {one.key: one.value.string_value for one in whole.attributes}
    expected = {"healer.incident": made.incident.id, "healer.service": "shop", "healer.outcome": "resolved"}
    assert attributes == expected
    sent = b"".join(message.body for message in receiver.received)
    assert b"private" not in sent
    assert b"KeyError" not in sent


def test_another_round_and_another_attempt_are_heals_of_their_own(store, bus, receiver):
    with traced(store, bus, receiver.url):
        made = Heal(store)
        made.stage("fetch", made.to(State.PROPOSED))
        made.move(State.OPEN)  # a person asked for changes
        made.stage("fetch", made.to(State.DIAGNOSING), detail="It is not there.")
        made.move(State.DECLINED, State.OPEN)
        made.stage("fetch", made.to(State.DIAGNOSING))
        made.move(State.REPAIRING, State.RESOLVED, State.REGRESSED)
        until(lambda: [span.name for span in spans(receiver)].count("heal") == 3)
    found = spans(receiver)
    roots = [span for span in found if span.name == "heal"]
    outcomes = [{one.key: one.value.string_value for one in span.attributes}["healer.outcome"] for span in roots]
    assert outcomes == ["open", "declined", "resolved"]
    fetched = [span for span in found if span.name == "fetch"]
    assert [span.parent_span_id for span in fetched] == [span.span_id for span in roots]
    assert [span.status.code for span in fetched] == [0, Status.STATUS_CODE_ERROR, 0]


def test_a_stage_that_ends_the_heal_within_is_still_of_it(store, bus, receiver):
    with traced(store, bus, receiver.url):
        made = Heal(store)
        made.move(State.RELEASING)
        made.stage("prepare", made.to(State.ROLLED_BACK))
        until(lambda: len(spans(receiver)) == 3)
    assert tree(spans(receiver)) == {"heal": "", "release": "heal", "prepare": "release"}


def test_what_is_sent_again_after_a_kill_is_the_same(store, bus, receiver):
    with traced(store, bus, receiver.url):
        mark = store.marks.get("traces")
        heal(store)
        until(lambda: "heal" in [span.name for span in spans(receiver)])
    first = spans(receiver)
    receiver.received.clear()
    store.marks.set("traces", mark)
    with traced(store, bus, receiver.url):
        until(lambda: "heal" in [span.name for span in spans(receiver)])
    key = lambda span: (span.start_time_unix_nano, span.name)  # noqa: E731
    assert sorted(spans(receiver), key=key) == sorted(first, key=key)


def test_what_ended_long_ago_is_not_sent(store, bus, receiver, monkeypatch):
    with traced(store, bus, receiver.url):
        pass
    Heal(store).stage("fetch")
    monkeypatch.setattr(tracing, "OLDEST", timedelta(0))
    with traced(store, bus, receiver.url):
        time.sleep(0.3)
    assert not receiver.received


def test_a_collector_that_is_set_again_begins_anew(store, bus, receiver):
    with traced(store, bus, receiver.url):
        pass
    forget_traces(store)  # it was not set for a while
    made = Heal(store)
    made.stage("fetch")
    with traced(store, bus, receiver.url):
        made.stage("diagnose")
        until(lambda: receiver.received)
    assert [span.name for span in spans(receiver)] == ["diagnose"]


@pytest.mark.parametrize("answer", [(302, {"location": "/elsewhere"}), (304, {})])
def test_a_redirect_has_not_taken_anything(receiver, answer):
    collector = Collector(receiver.url)
    receiver.answers += [answer]
    span = Span("fetch", "a" * 32, "b" * 16, "", "2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z")
    assert not collector.send([span])
    assert collector.send([span])
    assert len(receiver.received) == 2
    collector.close()


def test_a_collector_in_trouble_is_asked_again_and_then_not_waited_for(store, bus, receiver):
    receiver.answers += [(500, {})] * 4
    with traced(store, bus, receiver.url):
        made = Heal(store)
        made.stage("fetch")  # three tries: dropped
        until(lambda: len(receiver.received) == 3)
        made.stage("diagnose")  # two
        until(lambda: len(receiver.received) == 5)
    assert [span.name for span in spans(receiver)] == ["fetch"] * 3 + ["diagnose"] * 2
    assert [counted(tracing.SPANS, "healer_spans_total", outcome=outcome) for outcome in ("dropped", "sent")] == [1, 1]
