"""The demo's shop and healer with every push released, for the tests of what disturbs a release. Judges nothing."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from healer.cli import stack
from healer.cli.client import Client
from healer.model import HealerError

from tests.pushes import Clone, release_pushes

ROOT = Path(__file__).resolve().parents[2]
PATHS = ("/health", "/products", "/categories")
RELEASED = ("soaking", "live")


class Shop:
    def __init__(self, running: stack.Stack) -> None:
        self.running = running
        self.url = running.shop_url
        self.releases = running.home / "releases"
        self.client = Client(running.settings)
        release_pushes(running)
        run_few_tests(running)
        self.kill_healer()
        self.start_healer()
        self._clone = Clone(running, running.home / "clone")
        self._environment: dict[str, str] = {}  # of the supervisor that was killed last

    def push(self, text: str) -> str:
        """A change that does nothing, pushed as a person does; the commit."""
        path = "shop/__init__.py"
        return self._clone.push({path: f"{self._clone.read(path)}# {text}\n"}, text)

    def kill_healer(self) -> None:
        self.running.processes["healer"].kill()
        self.running.processes["healer"].wait()

    def start_healer(self) -> None:
        stack.start_healer(self.running)

    def kill_supervisor(self) -> None:
        supervisor = self.running.processes["shop"]
        pairs = Path(f"/proc/{supervisor.pid}/environ").read_text().split("\0")
        self._environment = dict(pair.split("=", 1) for pair in pairs if pair)
        supervisor.kill()
        supervisor.wait()

    def serves_again(self) -> bool:
        """Whether the shop answers; starts its supervisor whenever it has ended, as a service manager does."""
        ended = self.running.processes["shop"]
        if ended.poll() is not None:
            with (self.running.home / "shop.log").open("ab") as log:
                self.running.processes["shop"] = subprocess.Popen(
                    ended.args,
                    env=self._environment,
                    cwd=self.running.home,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        try:
            return httpx.get(f"{self.url}/health", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def status(self) -> dict[str, Any]:
        """What the supervisor says."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(10)
            connection.connect(str(self.running.home / "supervisor.sock"))
            connection.sendall(json.dumps({"op": "status"}).encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline())
        return answer

    def current(self) -> str:
        return str((self.releases / "current").readlink())

    def row(self, commit: str) -> dict[str, Any]:
        """The release as the healer tells it; empty while it knows of none."""
        try:
            rows = self.client.get("/api/v1/services/shop/releases")["releases"]
        except HealerError:
            return {}
        return next((dict(row) for row in rows if row["commit"] == commit), {})

    def until_state(self, commit: str, *states: str) -> None:
        until(f"{commit[:10]} to be {states}", lambda: self.row(commit).get("state") in states)

    def until_released(self, commit: str) -> None:
        self.until_state(commit, *RELEASED)
        assert (self.status()["release"], self.current()) == (commit, commit)

    def drafts(self) -> bool:
        return any(path.name.startswith(".") and path.is_dir() for path in self.releases.iterdir())

    def halves(self) -> list[str]:
        """Release folders that do not hold all files of their commit, or hold others than the compiler's."""
        return [
            folder.name
            for folder in self.releases.iterdir()
            if folder.is_dir()
            and not folder.is_symlink()
            and not folder.name.startswith(".")
            and _files(folder) != self._clone.tree(folder.name)
        ]


def run_few_tests(running: stack.Stack) -> None:
    """Have a healer that is started next run one file of the shop's tests: it runs them at each start and release."""
    config = running.home / "healer.toml"
    config.write_text(config.read_text().replace('tests = ["tests"]', 'tests = ["tests/test_returns.py"]', 1))


def _files(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def until(what: str, look: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not look():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)
