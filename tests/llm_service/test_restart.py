"""A worker that ends, and one that makes way for a new file, with a worker that needs no llama.cpp."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from llm_service import slot
from llm_service.settings import Settings

from tests.llm_service.client import CHAT, PLAIN, Service, until
from tests.llm_service.scripted import ScriptedEngine, serving


@pytest.fixture
def model(tmp_path: Path, tiny_model: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(tiny_model.read_bytes())
    return path


@pytest.fixture
def service(model: Path, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(slot, "_FIRST_PAUSE", 0.05)
    with serving(Settings(model=model), engine) as service:
        service.become("ready")
        yield service


def _put_another(model: Path, content: bytes) -> None:
    """As a download does: whole, in one step."""
    draft = model.with_suffix(".draft")
    draft.write_bytes(content)
    draft.replace(model)


def _restarts(service: Service) -> float:
    return service.numbers()["llm_worker_restarts_total"]


def test_an_idle_worker_that_ends_comes_back(service: Service, engine: ScriptedEngine) -> None:
    (worker,) = engine.journal("start")
    os.kill(worker, signal.SIGKILL)
    until(lambda: _restarts(service) == 1)
    # Whoever asks meanwhile is not refused: it is back in a moment.
    assert service.post(PLAIN, prompt="say:back").json() == {"text": "back"}
    assert len(engine.journal("start")) == 2
    assert service.requests() == {"ok": 1}


def test_it_is_live_but_not_ready_meanwhile(service: Service, engine: ScriptedEngine) -> None:
    engine.load = "wait:loaded"
    os.kill(engine.journal("start")[0], signal.SIGSEGV)
    answer = service.wait(lambda answer: answer.status_code == 503 and len(engine.journal("start")) == 2)
    assert answer.json()["state"] == "restarting"
    assert service.get("/health/live").json() == {"status": "live", "model": "restarting"}
    engine.allow("loaded")
    service.become("ready")


@pytest.mark.parametrize("path", [PLAIN, CHAT])
def test_the_request_it_was_at_can_be_sent_again(service: Service, engine: ScriptedEngine, path: str) -> None:
    words = "say:1 die:11"
    body = {"prompt": words} if path == PLAIN else {"messages": [{"role": "user", "content": words}]}
    answer = service.post(path, **body)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["error"]["code"] == "worker_lost"
    assert service.post(PLAIN, prompt="say:back").json() == {"text": "back"}
    assert _restarts(service) == 1
    assert service.requests() == {"failed": 1, "ok": 1}


def test_in_the_middle_of_a_stream_its_end_is_an_event(service: Service, engine: ScriptedEngine) -> None:
    with service.open(PLAIN, prompt="say:1 wait:now die:9", stream=True) as client:
        received = client.recv(4096)
        while b'{"text": "1"}\n\n' not in received:
            received += client.recv(4096)
        engine.allow("now")
        while b"0\r\n\r\n" not in received:
            received += client.recv(4096)
    last = next(line for line in reversed(received.split(b"\n")) if line.startswith(b"data: "))
    assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "worker_lost"
    assert service.post(PLAIN, prompt="say:back").json() == {"text": "back"}


def test_those_that_wait_are_answered_by_the_next_worker(service: Service, engine: ScriptedEngine) -> None:
    first = service.post_later(PLAIN, prompt="wait:now die:9")
    until(engine.begun)
    second = service.post_later(PLAIN, prompt="say:2")
    until(lambda: service.numbers()["llm_queue_waiting"] == 1)
    engine.allow("now")
    assert first.result().status_code == 503
    assert second.result().json() == {"text": "2"}


def test_the_pauses_grow_up_to_a_bound_and_shrink_after_a_steady_life(
    model: Path, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []

    async def sleep(seconds: float) -> None:
        if seconds > 0.1:  # shorter ones are between two polls
            pauses.append(seconds)
        await asyncio.sleep(min(seconds, 0.02))

    monkeypatch.setattr(slot, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep}))
    monkeypatch.setattr(slot, "_LONGEST_PAUSE", 1.5)

    def end() -> None:
        service.become("ready")
        count = len(engine.journal("start"))
        os.kill(engine.journal("start")[-1], signal.SIGKILL)
        until(lambda: len(engine.journal("start")) > count)

    with serving(Settings(model=model), engine) as service:
        for _ in range(4):
            end()
        monkeypatch.setattr(slot, "_STEADY_SECONDS", 0)
        end()
    assert pauses == [0.5, 1.0, 1.5, 1.5, 0.5]


def test_a_file_it_served_is_tried_again_when_the_worker_cannot_load_it_once(
    service: Service, engine: ScriptedEngine
) -> None:
    engine.load = "die:9"
    os.kill(engine.journal("start")[0], signal.SIGKILL)
    until(lambda: len(engine.journal("start")) >= 3)
    assert service.get("/health/live").json()["model"] == "restarting"
    engine.load = ""
    service.become("ready")


def test_another_file_takes_over_once_no_request_runs(
    service: Service, engine: ScriptedEngine, model: Path, tiny_model: Path
) -> None:
    old = service.get("/health/ready").json()
    first = service.post_later(PLAIN, prompt="wait:go say")
    until(engine.begun)
    second = service.post_later(PLAIN, prompt="say")
    until(lambda: service.numbers()["llm_queue_waiting"] == 1)
    _put_another(model, tiny_model.read_bytes() + b"\0")
    until(lambda: service.numbers()["llm_queue_waiting"] == 2)  # the change itself waits, before the others
    engine.allow("go")
    size = tiny_model.stat().st_size
    assert first.result().json() == {"text": str(size)}
    assert second.result().json() == {"text": str(size + 1)}
    assert _restarts(service) == 0
    until(lambda: service.get("/health/ready").json().get("sha256") not in (None, old["sha256"]))


def test_another_file_that_is_no_model_is_not_taken_over(
    service: Service, engine: ScriptedEngine, model: Path, tiny_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _put_another(model, b"<html>not found</html>")
    until(lambda: "is not taken over: it is not a GGUF file" in caplog.text)
    assert service.post(PLAIN, prompt="say").json() == {"text": str(tiny_model.stat().st_size)}
    assert len(engine.journal("start")) == 1


def test_a_file_that_is_deleted_is_served_on(service: Service, engine: ScriptedEngine, model: Path) -> None:
    model.unlink()
    end = time.monotonic() + 0.3  # a dozen polls
    while time.monotonic() < end:
        assert service.get("/health/ready").status_code == 200
    assert service.post(PLAIN, prompt="say:on").json() == {"text": "on"}
    os.kill(engine.journal("start")[0], signal.SIGKILL)
    service.become("missing")


def test_it_leaves_nothing_behind(
    model: Path,
    engine: ScriptedEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    with serving(Settings(model=model), engine) as service:
        service.become("ready")
        (folder,) = (tmp_path / "temporary").iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        os.kill(engine.journal("start")[0], signal.SIGKILL)
        until(lambda: _restarts(service) == 1)
        service.become("ready")
        (second,) = (tmp_path / "temporary").iterdir()
        assert second != folder
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not Path(f"/proc/{engine.journal('start')[-1]}").exists()
    assert "worker: the worker's own words" in caplog.text
