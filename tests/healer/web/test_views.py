"""What an incident tells of its evidence and its attempts, beyond what the tests of the API see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from healer.edges.store import Store, ago
from healer.model import Evidence, State, Suite, Verdict
from healer.pipeline.parts import Parts
from healer.web import views

from tests.healer.samples import a_candidate, a_replay, a_report, answered, crashed


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with closing(Store(f"sqlite:///{tmp_path}/healer.db")) as store:
        store.migrate()
        yield Parts(store, {}, "", 0)


def test_the_end_of_what_the_tests_said_is_told_where_it_matters(parts: Parts) -> None:
    output = "".join(f"line {number}\n" for number in range(2000))
    passed = Suite("", {"t::a": "passed", "t::b": "passed"}, output)
    failed = replace(passed, outcomes={"t::a": "passed", "t::b": "failed"})
    evidence = Evidence(a_replay(crashed()), a_replay(answered(200)), passed, failed)
    incident = parts.store.incidents.take(a_report(), "f")
    verdict = Verdict(a_candidate(), False, "a test broke", evidence=evidence)
    parts.store.incidents.put_verdict(incident.id, 1, 0, verdict, chosen=False)

    whole = views.whole(parts, incident, "operator")
    tests = whole["verdicts"][0]["evidence"]["tests"]
    assert tests["before"]["output"] == ""
    assert tests["after"]["failing"] == ["t::b"]
    assert tests["after"]["output"].startswith("line ")
    assert tests["after"]["output"].endswith("line 1999\n")
    assert len(tests["after"]["output"]) <= views.MOST_OUTPUT
    assert whole["deploys"] is False  # the service is set up no more
    assert [attempt["number"] for attempt in whole["attempts"]] == [1]


def test_the_stages_are_known_however_much_the_model_writes(parts: Parts) -> None:
    incident = parts.store.incidents.take(a_report(), "f")
    parts.note(incident, "stage.started", {"stage": "repair"}, "execution")
    for number in range(600):
        parts.note(incident, "model.tokens", {"answer": 1, "text": str(number)}, "patch")
    assert [stage["stage"] for stage in views.whole(parts, incident, "operator")["stages"]] == ["repair"]


def test_the_log_keeps_its_lines_however_much_the_model_writes(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_LINES", 5)
    incident = parts.store.incidents.take(a_report(), "f")
    parts.note(incident, "stage.started", {"stage": "repair"}, "execution")
    for number in range(9):
        parts.note(incident, "model.tokens", {"answer": 1, "text": str(number)}, "patch")
    parts.note(incident, "model.answered", {}, "patch")
    whole = views.whole(parts, incident, "operator")
    told = [event["payload"].get("text", event["type"]) for event in whole["events"]]
    assert told[-7:] == ["stage.started", *"45678", "model.answered"]
    assert whole["events_in_all"] == len(parts.store.log.of_key(incident.id))
    for _ in range(7):
        parts.note(incident, "log", {}, "patch")
    assert [event["type"] for event in views.whole(parts, incident, "operator")["events"]].count("log") == 5


def test_one_that_was_forgotten_and_comes_again_begins_anew(parts: Parts) -> None:
    incident = parts.store.incidents.take(a_report(), "f")
    parts.note(incident, "stage.started", {"stage": "repair"}, "execution")
    for state, attempt in ((State.DECLINED, 1), (State.OPEN, 2), (State.DECLINED, 2)):
        parts.store.incidents.move(incident.id, state, expected=tuple(State), attempt=attempt)
    assert parts.store.retention.over(ago(timedelta())).incidents == 1
    again = parts.store.incidents.take(a_report(), "f")
    parts.note(again, "stage.started", {"stage": "fetch"}, "execution")
    (attempt,) = views.whole(parts, again, "operator")["attempts"]
    assert (attempt["number"], [stage["stage"] for stage in attempt["stages"]]) == (3, ["fetch"])
    assert [one["state"] for one in attempt["states"]] == ["open"]
