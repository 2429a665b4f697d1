"""The llm service's own image: live without a model, and real llama.cpp once a file is put into models/."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.compose.conftest import Stack, wait
from tests.llm_service.tiny_model import write_model

pytestmark = pytest.mark.compose

NAME = "qwen2.5-coder-1.5b-q4.gguf"
QUESTION = [{"role": "user", "content": "Why?"}]


def _state(llm: httpx.Client, *states: str) -> dict[str, Any] | None:
    body: dict[str, Any] = llm.get("/health/ready").json()
    return body if body.get("state", body["status"]) in states else None


def test_a_model_put_into_the_folder_is_served(stack: Stack) -> None:
    with stack.llm() as llm:
        assert llm.get("/health/live").status_code == 200
        command = wait("the lack of a model", lambda: _state(llm, "missing"))["command"]
        # The command is meant for the top of the repository, where models/ is what the container sees.
        assert f" models/{NAME} " in command
        assert llm.post("/v1/chat/completions", json={"messages": QUESTION}).status_code == 503

        write_model(stack.models / NAME)
        wait("the model", lambda: _state(llm, "ready"))
        assert llm.get("/v1/models").json()["data"][0]["id"] == NAME.removesuffix(".gguf")
        body = {"messages": QUESTION, "max_tokens": 12, "temperature": 0}
        whole = llm.post("/v1/chat/completions", json=body).raise_for_status().json()["choices"][0]["message"]
        with llm.stream("POST", "/v1/chat/completions", json={**body, "stream": True}) as answer:
            lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line.startswith("data: ")]
        assert lines.pop() == "[DONE]"
        deltas = [json.loads(line)["choices"][0]["delta"] for line in lines]
        assert "".join(delta.get("content") or "" for delta in deltas) == whole["content"]
