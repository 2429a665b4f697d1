"""The whole stack under docker-compose, on ports of its own and with volumes that go with it. Judges nothing."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
ADMIN_TOKEN = "sandbox"  # what the samples send
_UP_SECONDS = 2400  # the first build compiles llama.cpp
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Stack:
    project: str
    environment: dict[str, str]
    models: Path

    def compose(self, *arguments: str, seconds: float = 120) -> str:
        """What the command printed on stdout; fails with everything it said."""
        command = shutil.which("docker-compose")
        base = [command] if command else ["docker", "compose"]
        done = subprocess.run(
            [*base, "-p", self.project, *arguments],
            check=False,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def url(self, variable: str) -> str:
        return f"http://127.0.0.1:{self.environment[variable]}"

    def shop(self) -> httpx.Client:
        return httpx.Client(base_url=self.url("APP_PORT"), timeout=20)

    def healer(self) -> httpx.Client:
        token = self.compose("exec", "-T", "healer-service", "cat", "/var/lib/healer/operator-token").strip()
        return httpx.Client(base_url=self.url("HEALER_PORT"), headers={"authorization": f"Bearer {token}"}, timeout=20)

    def llm(self) -> httpx.Client:
        return httpx.Client(base_url=self.url("LLM_PORT"), timeout=60)


def wait(what: str, look: Callable[[], _Found | None], seconds: float = 120) -> _Found:
    """The first thing that `look` finds."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        assert time.monotonic() < until, f"{what}: not within {seconds:.0f} seconds"
        time.sleep(0.1)


def _free_ports(names: tuple[str, ...]) -> dict[str, str]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: str(probe.getsockname()[1]) for name, probe in zip(names, probes, strict=True)}
    for probe in probes:
        probe.close()
    return ports


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    models = tmp_path_factory.mktemp("models")
    models.chmod(0o755)  # the service's user is another one
    environment = {
        **os.environ,
        **_free_ports(("APP_PORT", "HEALER_PORT", "LLM_PORT")),
        "SHOP_ADMIN_TOKEN": ADMIN_TOKEN,
        "HEALER_SOAK_SECONDS": "3",
        "LLM_MODELS": str(models),
        "LLM_CONTEXT": "512",
    }
    running = Stack(f"selfheal-test-{secrets.token_hex(4)}", environment, models)
    try:
        try:
            running.compose("up", "--build", "-d", seconds=_UP_SECONDS)
        except AssertionError as error:
            pytest.fail(f"{error}\n{running.compose('logs', '--no-color', '--tail=50')}", pytrace=False)
        wait("the shop's first release", lambda: answers(running.url("APP_PORT") + "/health"))
        yield running
        print(running.compose("logs", "--no-color", "--tail=200"))  # pytest shows it beside a failure
    finally:
        running.compose("down", "-v", "--remove-orphans")


def answers(url: str) -> bool | None:
    try:
        return httpx.get(url, timeout=5).is_success or None
    except httpx.HTTPError:
        return None
