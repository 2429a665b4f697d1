"""The llm service's own image: who it runs as, how it fetches a model, and real llama.cpp once a file is in models/."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.compose.conftest import Stack, wait
from tests.llm_service import hub as fake
from tests.llm_service.hub import FakeHub, File
from tests.llm_service.tiny_model import write_model

pytestmark = pytest.mark.compose

NAME = "qwen2.5-coder-1.5b-q4.gguf"
OWNER, FILE = "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
QUESTION = [{"role": "user", "content": "Why?"}]


def _state(llm: httpx.Client, *states: str) -> dict[str, Any] | None:
    body: dict[str, Any] = llm.get("/health/ready").json()
    return body if body.get("state", body["status"]) in states else None


def test_a_model_put_into_the_folder_is_served(stack: Stack) -> None:
    with stack.llm() as llm:
        assert llm.get("/health/live").status_code == 200
        # As the tests below run it.
        missing = wait("the lack of a model", lambda: _state(llm, "missing"))
        assert missing["command"] == "docker-compose run --rm llm-service pull"
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


@pytest.fixture
def hub(stack: Stack, tmp_path: Path) -> Iterator[FakeHub]:
    """Reached from the containers by the address that this machine has in their network."""
    container = stack.compose("ps", "-q", "llm-service").strip()
    answer = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True)
    (network,) = json.loads(answer.stdout)[0]["NetworkSettings"]["Networks"].values()
    with fake.serving("0.0.0.0", network["Gateway"]) as running:
        running.repositories[OWNER] = {FILE: File(write_model(tmp_path / "weights.gguf").read_bytes())}
        yield running
    assert running.unexpected == []


def _capabilities(text: str) -> dict[str, int]:
    lines = (line.split() for line in text.splitlines())
    return {line[0]: int(line[1], 16) for line in lines if line and line[0] in ("CapInh:", "CapPrm:", "CapEff:")}


def test_it_serves_as_its_own_user_without_any_capability(stack: Stack) -> None:
    status = stack.compose("exec", "-T", "llm-service", "cat", "/proc/1/status")
    assert "Uid:\t10001\t10001\t10001\t10001" in status
    assert "Gid:\t10001\t10001\t10001\t10001" in status
    assert "NoNewPrivs:\t1" in status
    assert _capabilities(status) == {"CapInh:": 0, "CapPrm:": 0, "CapEff:": 0}


@pytest.mark.parametrize("owner", [1234, 0])
def test_a_pull_belongs_to_the_owner_of_the_folder(stack: Stack, hub: FakeHub, owner: int) -> None:
    before = stack.models.stat()
    if os.geteuid() != 0 and owner != before.st_uid:
        pytest.skip("only root can give a folder away")
    target = stack.models / "pulled.gguf"
    os.chown(stack.models, owner, owner)
    try:
        command = ("run", "--rm", "-T", "-e", f"HF_ENDPOINT={hub.url}", "llm-service", "pull")
        said = stack.compose(*command, "--to", "models/pulled.gguf")
        assert "models/pulled.gguf is there" in said
        status = target.stat()
        assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (owner, owner, 0o644)
        assert target.read_bytes() == hub.repositories[OWNER][FILE].content
        assert not (stack.models / ".pull").exists()
        assert "is already there" in stack.compose(*command, "--to", "models/pulled.gguf")
    finally:
        os.chown(stack.models, before.st_uid, before.st_gid)
        target.unlink(missing_ok=True)
