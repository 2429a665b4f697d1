"""How long a request may take, waiting included, with a worker that needs no llama.cpp."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_service import slot
from llm_service.settings import Settings

from tests.llm_service.client import PLAIN, Service, until
from tests.llm_service.scripted import ScriptedEngine, serving

SHORTLY = {"X-Deadline-Seconds": "0.3"}


@pytest.fixture
def service(tiny_model: Path, engine: ScriptedEngine) -> Iterator[Service]:
    with serving(Settings(model=tiny_model, deadline_seconds=60), engine) as service:
        service.become("ready")
        yield service


def test_before_the_first_byte_it_is_a_504(service: Service, engine: ScriptedEngine) -> None:
    for stream in (False, True):
        answer = service.post(PLAIN, prompt="wait:never", stream=stream, headers=SHORTLY)
        assert answer.status_code == 504
        assert answer.json()["error"] == {
            "message": "the request was not finished within 0.3 seconds",
            "type": "timeout_error",
            "code": "deadline_exceeded",
            "param": None,
        }
    assert engine.journal("gone") == ["wait:never"] * 2
    assert service.post(PLAIN, prompt="say:free").json() == {"text": "free"}
    assert service.requests() == {"deadline": 2, "ok": 1}


def test_in_the_middle_of_a_stream_it_is_the_last_event(service: Service, engine: ScriptedEngine) -> None:
    answer = service.post(PLAIN, prompt="say:1 wait:never", stream=True, headers={"X-Deadline-Seconds": "2"})
    assert answer.status_code == 200
    first, last, nothing = answer.text.split("\n\n")
    assert (first, nothing) == ('data: {"text": "1"}', "")
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == "deadline_exceeded"
    assert service.post(PLAIN, prompt="say:free").json() == {"text": "free"}
    assert engine.journal("gone") == ["say:1 wait:never"]


def test_waiting_counts(service: Service, engine: ScriptedEngine) -> None:
    running = service.post_later(PLAIN, prompt="wait:go say:1")
    until(engine.begun)
    assert service.post(PLAIN, prompt="say:2", headers=SHORTLY).status_code == 504
    assert service.numbers()["llm_queue_waiting"] == 0
    engine.allow("go")
    assert running.result().json() == {"text": "1"}
    assert engine.begun() == ["wait:go say:1"]


def test_the_settings_deadline_cannot_be_lengthened(tiny_model: Path, engine: ScriptedEngine) -> None:
    with serving(Settings(model=tiny_model, deadline_seconds=1), engine) as service:
        service.become("ready")
        answer = service.post(PLAIN, prompt="wait:never", headers={"X-Deadline-Seconds": "3600"})
        assert (answer.status_code, "within 1 seconds" in answer.text) == (504, True)


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf", "1e999"])
def test_a_deadline_that_is_none_is_refused(service: Service, engine: ScriptedEngine, value: str) -> None:
    answer = service.post(PLAIN, prompt="say:1", headers={"X-Deadline-Seconds": value})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "X-Deadline-Seconds"
    assert repr(value) in answer.json()["error"]["message"]
    assert engine.begun() == []


def test_a_worker_that_does_not_stop_is_ended(
    service: Service, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot, "_IDLE_SECONDS", 0.2)
    assert service.post(PLAIN, prompt="hang", headers=SHORTLY).status_code == 504
    assert service.post(PLAIN, prompt="say:again").json() == {"text": "again"}
    assert len(engine.journal("start")) == 2
    assert service.numbers()["llm_worker_restarts_total"] == 1
