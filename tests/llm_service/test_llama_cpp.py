"""The service with the real llama.cpp on a tiny generated model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip(
    "llama_cpp.server.app",
    reason="llama-cpp-python is not installed (it compiles for minutes); make test-compose runs this in its image",
    exc_type=ImportError,
)


@pytest.fixture(scope="module")
def service(tiny_model: Path, running: Callable[[Path], Any]) -> Iterator[Any]:
    with running(tiny_model) as service:
        service.wait(lambda answer: answer.status_code == 200)
        yield service


QUESTION = [{"role": "system", "content": "Fix it."}, {"role": "user", "content": "Why?"}]


def _chunks(service: Any, path: str, **body: object) -> list[dict[str, Any]]:
    with httpx.stream("POST", service.url + path, json={**body, "stream": True}, timeout=60) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        data = [line.removeprefix("data: ") for line in answer.iter_lines() if line.startswith("data: ")]
    assert data.pop() == "[DONE]"
    return [json.loads(chunk) for chunk in data]


def test_chat_and_its_stream_say_the_same(service: Any) -> None:
    body = {"messages": QUESTION, "max_tokens": 24, "temperature": 0, "repeat_penalty": 1.0}
    whole = service.post("/v1/chat/completions", **body)
    assert whole.status_code == 200, whole.text
    choice = whole.json()["choices"][0]
    assert choice["message"]["role"] == "assistant"
    assert whole.json()["usage"]["completion_tokens"] == 24
    chunks = _chunks(service, "/v1/chat/completions", **body)
    assert (
        "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks) == choice["message"]["content"]
    )


def test_completion_and_its_stream_say_the_same(service: Any) -> None:
    body = {"prompt": "def f(", "max_tokens": 16, "temperature": 0}
    whole = service.post("/v1/completions", **body)
    assert whole.status_code == 200, whole.text
    text = whole.json()["choices"][0]["text"]
    assert text
    assert "".join(chunk["choices"][0]["text"] for chunk in _chunks(service, "/v1/completions", **body)) == text


def test_a_grammar_binds_the_answer(service: Any) -> None:
    answer = service.post("/v1/completions", prompt="x", max_tokens=8, grammar='root ::= "yes" | "no"')
    assert answer.json()["choices"][0]["text"] in ("yes", "no")


def test_a_prompt_beyond_the_context_is_a_bad_request(service: Any) -> None:
    answer = service.post("/v1/completions", prompt="x" * 2000, max_tokens=8)
    assert answer.status_code == 400
    assert "512" in answer.json()["error"]["message"]


def test_a_new_request_does_not_cut_off_a_running_stream(service: Any) -> None:
    # A grammar without an end makes the answer as long as its bound.
    body = {"prompt": "x", "max_tokens": 300, "grammar": 'root ::= "a" root', "stream": True}
    with (
        httpx.stream("POST", service.url + "/v1/completions", json=body, timeout=60) as answer,
        ThreadPoolExecutor() as pool,
    ):
        lines = answer.iter_lines()
        next(lines)
        assert service.get("/v1/models").json()["data"][0]["id"] == "tiny"
        second = pool.submit(service.post, "/v1/completions", prompt="y", max_tokens=1)
        chunks = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert second.result().status_code == 200
    assert chunks.pop() == "[DONE]"
    assert json.loads(chunks[-1])["choices"][0]["finish_reason"] == "length"


def test_a_model_that_appears_later_is_served(tmp_path: Path, tiny_model: Path, running: Callable[[Path], Any]) -> None:
    model = tmp_path / "late.gguf"
    with running(model) as service:
        assert service.wait(lambda answer: answer.json().get("state") == "missing").status_code == 503
        model.write_bytes(tiny_model.read_bytes())
        service.wait(lambda answer: answer.status_code == 200)
        assert service.post("/v1/completions", prompt="x", max_tokens=2).status_code == 200


def test_a_header_that_lies_about_the_weights_ends_in_a_refusal(
    tmp_path: Path, tiny_model: Path, running: Callable[[Path], Any]
) -> None:
    model = tmp_path / "foreign.gguf"
    # Same length, so the file stays whole for our own check and only llama.cpp can tell.
    model.write_bytes(tiny_model.read_bytes().replace(b"qwen2", b"qwen9"))
    with running(model) as service:
        answer = service.wait(lambda answer: answer.json().get("state") == "refused")
        assert "llama.cpp could not load it" in answer.json()["detail"]
        assert service.get("/health/live").status_code == 200
