"""Who waits, who is turned away and who comes next, with a worker that needs no llama.cpp."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_service.settings import Settings

from tests.llm_service.client import CHAT, PLAIN, Service, until
from tests.llm_service.scripted import ScriptedEngine, serving


@pytest.fixture
def service(tiny_model: Path, engine: ScriptedEngine) -> Iterator[Service]:
    with serving(Settings(model=tiny_model, queue=2), engine) as service:
        service.become("ready")
        yield service


def _wait_for(service: Service, *, waiting: int) -> None:
    until(lambda: service.numbers()["llm_running"] == 1 and service.numbers()["llm_queue_waiting"] == waiting)


def test_one_runs_two_wait_and_the_next_is_turned_away(service: Service, engine: ScriptedEngine) -> None:
    accepted = []
    for place, prompt in enumerate(("wait:go say:1", "say:2", "say:3")):
        accepted.append(service.post_later(PLAIN, prompt=prompt))
        _wait_for(service, waiting=place)
    for path, body in ((PLAIN, {"prompt": "say:4"}), (CHAT, {"messages": [{"role": "user", "content": "say:4"}]})):
        answer = service.post(path, **body, stream=path == CHAT)
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "1"
        error = answer.json()["error"]
        assert error.pop("message").startswith("2 requests wait already")
        assert error == {"type": "rate_limit_error", "code": "queue_full", "param": None}
    assert service.get("/health/live").status_code == 200
    engine.allow("go")
    assert [answer.result().json() for answer in accepted] == [{"text": "1"}, {"text": "2"}, {"text": "3"}]
    # First come, first served; and what was turned away never reached the worker.
    assert engine.begun() == ["wait:go say:1", "say:2", "say:3"]
    assert service.requests() == {"ok": 3, "queue_full": 2}
    assert service.numbers()["llm_running"] == 0
    assert service.post(PLAIN, prompt="say:5").json() == {"text": "5"}


def test_a_running_stream_is_not_interrupted(service: Service, engine: ScriptedEngine) -> None:
    with service.open(PLAIN, prompt="say:1 wait:go say:2", stream=True) as running:
        received = running.recv(4096)
        while b'"1"' not in received:
            received += running.recv(4096)
        second = service.post_later(PLAIN, prompt="say:3")
        _wait_for(service, waiting=1)
        engine.allow("go")
        while b"[DONE]" not in received:
            received += running.recv(4096)
    assert b'"2"' in received
    assert second.result().json() == {"text": "3"}


def test_who_goes_while_waiting_leaves_its_place_at_once(service: Service, engine: ScriptedEngine) -> None:
    first = service.post_later(PLAIN, prompt="wait:go say:1")
    _wait_for(service, waiting=0)
    waiting = [service.open(PLAIN, prompt=f"say:{number}", stream=number == 2) for number in (2, 3)]
    _wait_for(service, waiting=2)
    for client in waiting:
        client.close()
    _wait_for(service, waiting=0)
    last = service.post_later(PLAIN, prompt="say:4")
    _wait_for(service, waiting=1)
    engine.allow("go")
    assert (first.result().json(), last.result().json()) == ({"text": "1"}, {"text": "4"})
    assert engine.begun() == ["wait:go say:1", "say:4"]
    assert service.requests() == {"ok": 2, "client_gone": 2}


@pytest.mark.parametrize("stream", [False, True])
def test_who_goes_while_running_makes_way_for_the_next(service: Service, engine: ScriptedEngine, stream: bool) -> None:
    client = service.open(PLAIN, prompt="say:1 wait:never", stream=stream)
    until(engine.begun)
    second = service.post_later(PLAIN, prompt="say:2")
    _wait_for(service, waiting=1)
    client.close()
    assert second.result().json() == {"text": "2"}
    assert engine.journal("gone") == ["say:1 wait:never"]
    assert service.requests() == {"client_gone": 1, "ok": 1}


def test_who_goes_in_the_middle_of_its_body_takes_no_place(service: Service, engine: ScriptedEngine) -> None:
    client = service.open(PLAIN, prompt="say:1")
    until(lambda: service.requests() == {"ok": 1})
    head = f"POST {PLAIN} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
    client.sendall(head.encode() + b'{"prompt": "sa')
    client.close()
    until(lambda: service.requests() == {"ok": 1, "client_gone": 1})
    assert engine.begun() == ["say:1"]


def test_a_queue_of_none_takes_one_at_a_time(tiny_model: Path, engine: ScriptedEngine) -> None:
    with serving(Settings(model=tiny_model, queue=0), engine) as service:
        service.become("ready")
        first = service.post_later(PLAIN, prompt="wait:go say:1")
        _wait_for(service, waiting=0)
        assert service.post(PLAIN, prompt="say:2").status_code == 429
        engine.allow("go")
        assert first.result().json() == {"text": "1"}
