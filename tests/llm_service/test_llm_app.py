"""The service before, while and after its model arrives, with a worker that needs no llama.cpp."""

from __future__ import annotations

import hashlib
import importlib.util
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from llm_service.settings import Settings

from tests.llm_service.client import CHAT, PLAIN, Service, until
from tests.llm_service.conftest import Running
from tests.llm_service.scripted import ScriptedEngine, serving


def _serving(model: Path, engine: ScriptedEngine) -> AbstractContextManager[Service]:
    return serving(Settings(model=model), engine)


@pytest.fixture(scope="module")
def ready(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with _serving(tiny_model, ScriptedEngine(tmp_path_factory.mktemp("worker"))) as service:
        service.become("ready")
        yield service


def _assert_unready(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["status"] == 503
    assert answer.json()["error"]["code"] == "model_not_ready"
    assert answer.json()["error"]["message"] == answer.json()["detail"]


def test_without_a_model_it_lives_and_names_the_command(tmp_path: Path, engine: ScriptedEngine) -> None:
    model = tmp_path / "absent.gguf"
    with _serving(model, engine) as service:
        body = service.become("missing")
        assert str(model) in body["detail"]
        assert body["command"] == "healer model pull"
        assert service.get("/health/live").json() == {"status": "live", "model": "missing"}
        _assert_unready(service.get("/health/ready"))
        _assert_unready(service.get("/v1/models"))
        _assert_unready(service.post(PLAIN, prompt="x"))
        _assert_unready(service.post(CHAT, messages=[]))
        _assert_unready(service.post("/extras/tokenize", input="x"))
        assert service.get("/elsewhere").status_code == 404
        assert service.numbers()["llm_model_ready"] == 0
        assert service.requests() == {"failed": 2}


def test_in_a_container_the_command_is_the_containers(tmp_path: Path, engine: ScriptedEngine) -> None:
    with serving(Settings(model=tmp_path / "absent.gguf", container=True), engine) as service:
        assert service.become("missing")["command"] == "docker-compose run --rm llm-service pull"


def test_without_an_engine_it_says_so(tiny_model: Path, engine: ScriptedEngine) -> None:
    engine.missing = "no engine here"
    with _serving(tiny_model, engine) as service:
        assert service.become("unavailable")["detail"] == "no engine here"
        assert service.get("/health/live").status_code == 200
        _assert_unready(service.post(PLAIN, prompt="x"))


def test_a_model_that_is_there_is_served(ready: Service, tiny_model: Path) -> None:
    size = str(tiny_model.stat().st_size)
    assert ready.post(PLAIN, prompt="say").json() == {"text": size}
    assert ready.events(CHAT, messages=[{"role": "user", "content": "say say"}]) == [{"text": size}] * 2


def test_it_tells_which_model_it_serves(ready: Service, tiny_model: Path) -> None:
    digest = hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    body = until(lambda: (answer := ready.get("/health/ready").json())["sha256"] and answer)
    assert "qwen2" in body.pop("detail")
    assert body == {"status": "ready", "model": "tiny", "sha256": digest, "context": 4096}
    (entry,) = ready.get("/v1/models").json()["data"]
    assert time.time() - 3600 < entry.pop("created") <= time.time()
    assert entry == {"id": "tiny", "object": "model", "owned_by": "llm-service", "sha256": digest, "context": 4096}
    assert ready.numbers()["llm_model_ready"] == 1


def test_what_is_not_there_is_no_way_to_the_worker(ready: Service) -> None:
    assert ready.post("/idle").status_code == 404
    assert ready.post("/v1/embeddings", input="x").status_code == 404
    wrong = ready.get(PLAIN)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")


def test_the_tokenizer_s_routes_reach_the_worker(ready: Service) -> None:
    for path in ("/extras/tokenize", "/extras/tokenize/count", "/extras/detokenize", "/extras/chat/count", "/tokenize"):
        assert ready.post(path, input="x").json() == {"path": path, "input": "x"}
    assert ready.post("/tokenize", content="x" * (1 << 18)).status_code == 413


def test_a_model_that_arrives_in_pieces_is_picked_up(tmp_path: Path, tiny_model: Path, engine: ScriptedEngine) -> None:
    model = tmp_path / "late.gguf"
    whole = tiny_model.read_bytes()
    with _serving(model, engine) as service:
        service.become("missing")
        with model.open("wb") as file:
            file.write(whole[:5000])
            file.flush()
            # The writer pauses for longer than two polls: half a file is refused, with the way to get the rest.
            body = service.become("refused")
            assert "incomplete" in body["detail"]
            assert body["command"] == "healer model pull"
            file.write(whole[5000:])
        service.become("ready")


def test_a_place_that_cannot_be_looked_at_is_named(tmp_path: Path, engine: ScriptedEngine) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with _serving(tmp_path / "models" / "model.gguf", engine) as service:
        assert "cannot be looked at: Not a directory" in service.become("refused")["detail"]


def test_a_foreign_file_is_refused_until_it_is_replaced(
    tmp_path: Path, tiny_model: Path, engine: ScriptedEngine
) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"<html>not found</html>" * 10)
    with _serving(model, engine) as service:
        assert "not a GGUF file" in service.become("refused")["detail"]
        assert service.get("/health/live").status_code == 200
        assert engine.journal("start") == []
        good = tmp_path / "download"
        good.write_bytes(tiny_model.read_bytes())
        good.replace(model)
        service.become("ready")


@pytest.mark.parametrize(
    ("load", "says"),
    [("say:unknown_architecture", "cannot be served: unknown_architecture"), ("die:11", "SIGSEGV ended it")],
)
def test_what_the_worker_makes_of_the_file_is_told(
    tiny_model: Path, engine: ScriptedEngine, load: str, says: str
) -> None:
    engine.load = load
    with _serving(tiny_model, engine) as service:
        assert says in service.become("refused")["detail"]


def test_a_worker_that_cannot_be_started_is_told_of(tiny_model: Path, engine: ScriptedEngine) -> None:
    engine.program = "/nowhere/python"
    with _serving(tiny_model, engine) as service:
        assert "No such file or directory: '/nowhere/python'" in service.become("refused")["detail"]


def test_a_file_that_ends_the_worker_is_tried_once_until_it_changes(
    tmp_path: Path, tiny_model: Path, engine: ScriptedEngine
) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(tiny_model.read_bytes())
    engine.load = "die:9"
    with _serving(model, engine) as service:
        assert "tried again when the file changes" in service.become("refused")["detail"]
        # Some dozens of polls later it has still been started once.
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            assert service.get("/health/live").json() == {"status": "live", "model": "refused"}
        assert len(engine.journal("start")) == 1
        engine.load = ""
        good = tmp_path / "download"
        good.write_bytes(tiny_model.read_bytes())
        good.replace(model)
        service.become("ready")


def test_it_answers_while_the_model_loads(tiny_model: Path, engine: ScriptedEngine) -> None:
    engine.load = "wait:loaded"
    with _serving(tiny_model, engine) as service:
        service.become("loading")
        assert service.get("/health/live").status_code == 200
        _assert_unready(service.post(PLAIN, prompt="x"))
        engine.allow("loaded")
        service.become("ready")


@pytest.mark.skipif(importlib.util.find_spec("llama_cpp") is not None, reason="llama-cpp-python is installed here")
def test_the_process_starts_without_llama_cpp_python(tiny_model: Path, running: Running) -> None:
    with running(tiny_model) as service:
        assert service.get("/health/live").status_code == 200
        answer = service.get("/health/ready")
        _assert_unready(answer)
        assert "llama-cpp-python is not installed" in answer.json()["detail"]
        assert "make llm" in answer.json()["detail"]
