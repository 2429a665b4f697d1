"""A tiny model, and the service as a real process on a port of its own. Judges nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.llm_service.tiny_model import write_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "tiny.gguf")


@dataclass(frozen=True)
class Service:
    url: str

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=30)

    def post(self, path: str, **body: object) -> httpx.Response:
        return httpx.post(self.url + path, json=body, timeout=60)

    def wait(self, wanted: Callable[[httpx.Response], bool]) -> httpx.Response:
        """The first answer of /health/ready that is as wanted; fails with the last one otherwise."""
        until = time.monotonic() + 60
        while True:
            answer = self.get("/health/ready")
            if wanted(answer):
                return answer
            assert time.monotonic() < until, f"still {answer.status_code}: {answer.text}"
            time.sleep(0.05)


@contextmanager
def _running(model: Path) -> Iterator[Service]:
    environment = {**os.environ, "LLM_PORT": "0", "LLM_MODEL": str(model), "LLM_CONTEXT": "512"}
    command = [sys.executable, "-m", "llm_service"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            lines = []
            for line in process.stderr:
                lines.append(line)
                if found := re.search(r"running on (http://\S+)", line):
                    break
            else:
                pytest.fail("the service did not start:\n" + "".join(lines))
            yield Service(found.group(1))
        finally:
            process.terminate()
            process.communicate()


@pytest.fixture(scope="session")
def running() -> Callable[[Path], object]:
    """`with running(model) as service:` is `python -m llm_service` on a port of its own."""
    return _running
