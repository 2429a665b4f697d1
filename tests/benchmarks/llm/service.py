"""The llm service as the healer uses it: started as a process, asked over HTTP, its stream timed. Judges nothing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.llm import processes

_START_SECONDS = 300.0  # a cold disk and a busy machine
_ANSWER_SECONDS = 900.0

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Answer:
    first: float  # seconds to the first text
    rest: float  # seconds from there to the last
    prompt_tokens: int
    cached_tokens: int  # of the prompt: not computed again
    tokens: int

    @property
    def computed_tokens(self) -> int:
        return self.prompt_tokens - self.cached_tokens


@dataclass(frozen=True)
class Service:
    http: httpx.Client
    pid: int
    ready_seconds: float  # from the start of the process

    def ask(self, messages: Messages, tokens: int, **sampling: float) -> Answer:
        """One streamed chat completion, as the healer asks for it."""
        body = {
            "messages": messages,
            "max_tokens": tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
            **sampling,
        }
        started = time.perf_counter()
        heard: list[float] = []
        usage: dict[str, Any] = {}
        with self.http.stream("POST", "/v1/chat/completions", json=body) as answer:
            if answer.status_code != 200:
                raise SystemExit(f"the llm service answered {answer.status_code}: {answer.read().decode()}")
            for line in answer.iter_lines():
                if not line.startswith("data: {"):
                    continue
                chunk = json.loads(line.removeprefix("data: "))
                if "error" in chunk:
                    raise SystemExit(f"the llm service broke off: {chunk['error']}")
                usage = chunk.get("usage") or usage
                if any(choice["delta"].get("content") for choice in chunk["choices"]):
                    heard.append(time.perf_counter())
        if not usage or not heard:
            raise SystemExit(f"the llm service sent {len(heard)} pieces of text and the usage {usage}")
        return Answer(
            heard[0] - started,
            heard[-1] - heard[0],
            usage["prompt_tokens"],
            usage["prompt_tokens_details"]["cached_tokens"],
            usage["completion_tokens"],
        )

    def count(self, messages: Messages) -> int:
        """The tokens of a chat's prompt."""
        return int(self._post("/extras/chat/count", {"messages": messages})["count"])

    def count_text(self, text: str) -> int:
        return int(self._post("/extras/tokenize/count", {"input": text})["count"])

    def peak_memory(self) -> int:
        """Bytes that its processes had resident at most, added up: no more than this at any one time."""
        return sum(processes.peak_memory(pid) for pid in processes.family(self.pid))

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post(path, json=body)
        if answer.status_code != 200:
            raise SystemExit(f"the llm service answered {path} with {answer.status_code}: {answer.text}")
        return dict(answer.json())


@contextmanager
def running(model: Path, state: Path, context: int, threads: int) -> Iterator[Service]:
    """`python -m llm_service` on a port of its own, ready. What it keeps and its log go to `state`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "LLM_HOST": "127.0.0.1",
        "LLM_PORT": port,
        "LLM_MODEL": model,
        "LLM_CONTEXT": context,
        "LLM_THREADS": threads,
        "LLM_DEADLINE_SECONDS": int(_ANSWER_SECONDS),
        "LLM_STATE": state,
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("LLM_")}
    environment = others | {name: str(value) for name, value in settings.items()}
    log = state / "service.log"
    started = time.monotonic()
    with (
        log.open("ab") as output,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_ANSWER_SECONDS, trust_env=False) as http,
    ):
        process = subprocess.Popen([sys.executable, "-m", "llm_service"], env=environment, stdout=output, stderr=output)
        try:
            _wait_ready(process, http, log)
            yield Service(http, process.pid, time.monotonic() - started)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_ready(process: subprocess.Popen[bytes], http: httpx.Client, log: Path) -> None:
    said = "it does not answer"
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            answer = http.get("/health/ready")
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if answer.status_code == 200:
            return
        said = answer.json()["detail"]
        if answer.json()["state"] in ("unavailable", "refused"):
            break
        time.sleep(0.05)
    raise SystemExit(f"the llm service does not get ready: {said}\n{log.read_text(errors='replace')[-2000:]}")
