"""What chats begin with, kept over the ends of workers and services, and evaluated before the first request."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_service import slot
from llm_service.prefix import Prefix
from llm_service.settings import Settings

from tests.llm_service.client import CHAT, PLAIN, Service, until
from tests.llm_service.conftest import Running
from tests.llm_service.scripted import ScriptedEngine, serving

SYSTEM = [{"role": "system", "content": "Fix it."}, {"role": "system", "content": "Be brief — always."}]
QUESTION = {"role": "user", "content": "say:1"}


def test_it_is_kept_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"
    prefix = Prefix(folder)
    assert prefix.messages == []
    assert prefix.remember(SYSTEM)
    assert not prefix.remember(SYSTEM)
    assert not prefix.remember([])
    prefix.save()
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]  # and no draft beside it
    assert Prefix(folder).messages == SYSTEM
    prefix.forget()
    assert Prefix(folder).messages == []


def test_it_is_bounded(tmp_path: Path) -> None:
    prefix = Prefix(tmp_path)
    assert not prefix.remember([{"role": "system", "content": "x" * (1 << 16)}])
    assert prefix.messages == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * 50_000,
        b'{"messages": 1}',
        b'{"messages": [1]}',
        b'{"messages": [{"role": "user", "content": "x"}]}',
        b'{"messages": [{"role": "system"}]}',
        b'{"messages": [{"role": "system", "content": "' + b"x" * (1 << 18) + b'"}]}',
    ],
)
def test_a_file_of_something_else_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "prefix.json").write_bytes(content)
    assert Prefix(tmp_path).messages == []


def test_without_a_folder_it_is_in_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    for folder in (None, tmp_path / "file" / "state"):
        prefix = Prefix(folder)
        assert prefix.remember(SYSTEM)
        prefix.save()
        prefix.save()
        assert prefix.messages == SYSTEM
    assert caplog.text.count("LLM_STATE: cannot write") == 1


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def service(
    tiny_model: Path, engine: ScriptedEngine, state: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    monkeypatch.setattr(slot, "_FIRST_PAUSE", 0.05)
    with serving(Settings(model=tiny_model, state=state), engine) as service:
        service.become("ready")
        yield service


def _warming(engine: ScriptedEngine) -> list[list[dict[str, str]]]:
    """The messages that workers evaluated on nobody's behalf."""
    bodies = engine.journal("begin")
    return [body["messages"] for body in bodies if body.get("messages") and body["messages"][-1]["content"] == ""]


def test_a_worker_begins_with_what_the_last_chat_began_with(
    service: Service, engine: ScriptedEngine, state: Path
) -> None:
    service.post(CHAT, messages=[*SYSTEM, QUESTION])
    until(lambda: Prefix(state).messages == SYSTEM)
    service.post(CHAT, messages=[{"role": "system", "content": "Not answered."}, {**QUESTION, "content": "fail:500"}])
    service.post(CHAT, messages=[QUESTION])  # without a beginning there is nothing to remember
    service.post(PLAIN, prompt="say:1")
    assert _warming(engine) == []
    os.kill(engine.journal("start")[0], signal.SIGKILL)
    until(lambda: service.numbers()["llm_worker_restarts_total"])
    service.become("ready")
    assert _warming(engine) == [[*SYSTEM, {"role": "user", "content": ""}]]
    # On nobody's behalf, so it is not counted either.
    assert service.requests() == {"ok": 3, "failed": 1}
    assert service.numbers()["llm_queue_seconds_count"] == 4


def test_so_does_the_next_service_before_it_is_ready(tiny_model: Path, engine: ScriptedEngine, state: Path) -> None:
    state.mkdir()
    (state / "prefix.json").write_text(json.dumps({"messages": SYSTEM}))
    with serving(Settings(model=tiny_model, state=state), engine) as service:
        service.become("ready")
        assert _warming(engine) == [[*SYSTEM, {"role": "user", "content": ""}]]


@pytest.mark.parametrize(("words", "kept"), [("fail:400", False), ("hang", True)])
def test_a_prefix_that_cannot_be_evaluated_does_not_keep_it_from_being_ready(
    service: Service,
    engine: ScriptedEngine,
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    words: str,
    kept: bool,
) -> None:
    monkeypatch.setattr(slot, "_WARM_SECONDS", 0.2)
    monkeypatch.setattr(slot, "_IDLE_SECONDS", 0.2)
    service.post(CHAT, messages=[*SYSTEM, QUESTION])
    until(lambda: Prefix(state).messages)
    engine.warming = words
    os.kill(engine.journal("start")[0], signal.SIGKILL)
    until(lambda: "the prefix" in caplog.text)
    engine.warming = ""
    assert service.post(PLAIN, prompt="say:on").json() == {"text": "on"}
    assert bool(Prefix(state).messages) is kept


def test_a_prefix_that_ends_the_worker_is_forgotten(service: Service, engine: ScriptedEngine, state: Path) -> None:
    service.post(CHAT, messages=[*SYSTEM, QUESTION])
    until(lambda: Prefix(state).messages)
    engine.warming = "die:11"
    os.kill(engine.journal("start")[0], signal.SIGKILL)
    until(lambda: not Prefix(state).messages)
    assert service.post(PLAIN, prompt="say:on").json() == {"text": "on"}
    assert len(_warming(engine)) == 1


def test_a_folder_that_cannot_be_written_costs_only_the_next_start(
    tiny_model: Path, engine: ScriptedEngine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    with serving(Settings(model=tiny_model, state=tmp_path / "file"), engine) as service:
        service.become("ready")
        for number in range(3):
            message = {"role": "system", "content": f"Fix {number}."}
            assert service.post(CHAT, messages=[message, QUESTION]).status_code == 200
        until(lambda: "LLM_STATE: cannot write" in caplog.text)
        until(lambda: service.requests() == {"ok": 3})  # counted once all is remembered, which is after the answer
        os.kill(engine.journal("start")[0], signal.SIGKILL)
        until(lambda: len(_warming(engine)) == 1)
        assert _warming(engine)[0][0] == {"role": "system", "content": "Fix 2."}
    assert caplog.text.count("LLM_STATE: cannot write") == 1


@pytest.mark.xdist_group("llama")
def test_the_first_chat_after_a_restart_finds_it_evaluated(
    tiny_model: Path, tmp_path: Path, running_llama: Running
) -> None:
    """With the real llama.cpp: over the end of the service, and of its worker."""
    beginning = {"role": "system", "content": "You repair a function of a program. " * 5}
    first = [beginning, {"role": "user", "content": "Why?"}]
    count = len(beginning["content"])  # a token for each letter

    def cached(service: Service, messages: list[dict[str, str]]) -> int:
        answer = service.post(CHAT, messages=messages, max_tokens=2)
        assert answer.status_code == 200, answer.text
        count: int = answer.json()["usage"]["prompt_tokens_details"]["cached_tokens"]
        return count

    with running_llama(tiny_model, LLM_STATE=tmp_path) as service:
        service.become("ready")
        assert cached(service, first) == 0
        until(lambda: Prefix(tmp_path).messages)
        assert service.stop() == 0
    with running_llama(tiny_model, LLM_STATE=tmp_path) as service:
        service.become("ready")
        assert cached(service, first) >= count
        assert service.numbers()["llm_prefix_tokens_reused_total"] >= count
        assert service.worker
        os.kill(service.worker, signal.SIGKILL)
        until(lambda: service.numbers()["llm_worker_restarts_total"])
        assert cached(service, [beginning, {"role": "user", "content": "And now?"}]) >= count
