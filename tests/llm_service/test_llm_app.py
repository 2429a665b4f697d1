"""The service before, while and after its model arrives, with an engine that needs no llama.cpp."""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from llm_service.app import create_app
from llm_service.gguf import ModelError
from llm_service.settings import Settings
from starlette.types import ASGIApp


class ScriptedEngine:
    """Stands in for llama.cpp: answers /v1/completions with the file's size, or fails, or takes its time, as told."""

    def __init__(self, problem: str | None = None, failure: Exception | None = None) -> None:
        self.may_load = threading.Event()
        self.may_load.set()
        self._problem = problem
        self._failure = failure

    def problem(self) -> str | None:
        return self._problem

    def load(self, settings: Settings) -> ASGIApp:
        assert self.may_load.wait(30)
        if self._failure:
            raise self._failure
        app = FastAPI()
        size = settings.model.stat().st_size

        @app.post("/v1/completions")
        async def complete() -> dict[str, int]:
            return {"size": size}

        return app


@contextmanager
def _service(model: Path, engine: ScriptedEngine | None = None) -> Iterator[TestClient]:
    app = create_app(Settings(model=model), engine or ScriptedEngine(), poll_seconds=0.02)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def _until(client: TestClient, state: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while True:
        answer = client.get("/health/ready")
        body: dict[str, Any] = answer.json()
        if body.get("state", body["status"]) == state:
            return body
        assert time.monotonic() < deadline, f"not {state}: {answer.text}"
        time.sleep(0.01)


def _assert_unready(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["status"] == 503


def test_without_a_model_it_lives_and_names_the_command(tmp_path: Path) -> None:
    model = tmp_path / "absent.gguf"
    with _service(model) as client:
        body = _until(client, "missing")
        assert str(model) in body["detail"]
        assert body["command"].startswith("curl ")
        assert str(model) in body["command"]
        assert client.get("/health/live").status_code == 200
        _assert_unready(client.get("/health/ready"))
        _assert_unready(client.get("/v1/models"))
        _assert_unready(client.post("/v1/completions", json={"prompt": "x"}))
        _assert_unready(client.post("/v1/chat/completions", json={"messages": []}))
        assert client.get("/elsewhere").status_code == 404


def test_without_an_engine_it_says_so(tmp_path: Path, tiny_model: Path) -> None:
    with _service(tiny_model, ScriptedEngine(problem="no engine here")) as client:
        assert _until(client, "unavailable")["detail"] == "no engine here"
        assert client.get("/health/live").status_code == 200
        _assert_unready(client.post("/v1/completions", json={"prompt": "x"}))


def test_a_model_that_is_there_is_served(tiny_model: Path) -> None:
    with _service(tiny_model) as client:
        assert "qwen2" in _until(client, "ready")["detail"]
        assert [entry["id"] for entry in client.get("/v1/models").json()["data"]] == ["tiny"]
        assert client.post("/v1/completions", json={}).json() == {"size": tiny_model.stat().st_size}


def test_a_model_that_arrives_in_pieces_is_picked_up(tmp_path: Path, tiny_model: Path) -> None:
    model = tmp_path / "late.gguf"
    whole = tiny_model.read_bytes()
    with _service(model) as client:
        _until(client, "missing")
        with model.open("wb") as file:
            file.write(whole[:5000])
            file.flush()
            # The writer pauses for longer than two polls: half a file is refused, with the way to get the rest.
            body = _until(client, "refused")
            assert "incomplete" in body["detail"]
            assert " -C - " in body["command"]
            file.write(whole[5000:])
        _until(client, "ready")


def test_a_place_that_cannot_be_looked_at_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with _service(tmp_path / "models" / "model.gguf") as client:
        assert "cannot be looked at: Not a directory" in _until(client, "refused")["detail"]


def test_a_foreign_file_is_refused_until_it_is_replaced(tmp_path: Path, tiny_model: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"<html>not found</html>" * 10)
    with _service(model) as client:
        body = _until(client, "refused")
        assert "not a GGUF file" in body["detail"]
        assert " -C - " not in body["command"]
        assert client.get("/health/live").status_code == 200
        good = tmp_path / "download"
        good.write_bytes(tiny_model.read_bytes())
        good.replace(model)
        _until(client, "ready")


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (ModelError("llama.cpp could not load it: unknown architecture"), "unknown architecture"),
        (MemoryError("17 GB"), "17 GB"),
    ],
)
def test_an_engine_that_fails_is_told_of(tiny_model: Path, failure: Exception, says: str) -> None:
    with _service(tiny_model, ScriptedEngine(failure=failure)) as client:
        assert says in _until(client, "refused")["detail"]


def test_it_answers_while_the_model_loads(tiny_model: Path) -> None:
    engine = ScriptedEngine()
    engine.may_load.clear()
    with _service(tiny_model, engine) as client:
        _until(client, "loading")
        assert client.get("/health/live").status_code == 200
        _assert_unready(client.post("/v1/completions", json={}))
        engine.may_load.set()
        _until(client, "ready")


@pytest.mark.skipif(importlib.util.find_spec("llama_cpp") is not None, reason="llama-cpp-python is installed here")
def test_the_process_starts_without_llama_cpp_python(tiny_model: Path, running: Callable[[Path], Any]) -> None:
    with running(tiny_model) as service:
        assert service.get("/health/live").status_code == 200
        answer = service.get("/health/ready")
        _assert_unready(answer)
        assert "llama-cpp-python is not installed" in answer.json()["detail"]
        assert "pip install" in answer.json()["detail"]
