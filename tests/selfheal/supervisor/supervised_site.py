"""A supervisor in a directory of its own, as a real process on loopback, for the tests of it.

It does not judge: waiting in vain fails the test, everything else is the test's.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
APP = """
import asyncio, json, os, pathlib, sys, time

RELEASE = os.environ["SELFHEAL_RELEASE"]
HEALTH = 200

async def app(scope, receive, send):
    global HEALTH
    if scope["type"] != "http":
        raise NotImplementedError
    path = scope["path"]
    if path == "/die":
        os._exit(3)
    if path == "/sicken":
        HEALTH = 500
    status = HEALTH if path == "/health" else 500 if path == "/broken" else 200
    headers = [(b"content-type", b"application/json"), (b"connection", b"keep-alive")]
    await_file = pathlib.Path(scope["query_string"].decode())
    if path == "/held":
        await_file.with_suffix(".begun").touch()
        while not await_file.exists():
            await asyncio.sleep(0.01)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if path == "/hang":
        time.sleep(60)
    if path == "/stream":
        for number in range(10**6):
            await send({"type": "http.response.body", "body": b"data: %d\\n\\n" % number, "more_body": True})
            await asyncio.sleep(0.02)
    seen = {"release": RELEASE, "cwd": os.getcwd(), "first": sys.path[0], "pid": os.getpid()}
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})
"""


class Site:
    """A supervisor with its releases in a directory of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.releases = root / "releases"
        self.releases.mkdir()
        self.control = root / "run" / "control.sock"
        self.process: subprocess.Popen[str] | None = None

    def add(self, name: str, app: str = APP) -> str:
        (self.releases / name).mkdir()
        (self.releases / name / "tiny.py").write_text(app)
        return name

    def point(self, name: str) -> None:
        (self.releases / "current").symlink_to(name)

    def command(self, *more: str) -> list[str]:
        command = [sys.executable, "-m", "selfheal.supervisor", "--app", "tiny:app", "--port", "0"]
        return [*command, "--releases", str(self.releases), "--control", str(self.control), *more]

    def start(self, *more: str) -> Site:
        self.process = subprocess.Popen(self.command(*more), env=environment(), cwd=self.root, text=True)
        until(self.control.exists, "the control socket")
        return self

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def order(self, **order: object) -> dict[str, Any]:
        return self.say(json.dumps(order).encode() + b"\n")

    def say(self, line: bytes) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(30)
            connection.connect(str(self.control))
            connection.sendall(line)
            with connection.makefile("rb") as answers:
                answer: dict[str, Any] = json.loads(answers.readline())
        return answer

    def change(self, name: str, **more: object) -> dict[str, Any]:
        return self.order(op="change", release=name, **more)

    def status(self) -> dict[str, Any]:
        return self.order(op="status")

    def serving(self, workers: int = 1) -> Site:
        until(lambda: len(self.status()["workers"]) == workers, f"{workers} in service")
        return self

    def connect(self) -> http.client.HTTPConnection:
        host, _, port = self.status()["address"].rpartition(":")
        return http.client.HTTPConnection(host, int(port), timeout=30)

    def get(self, path: str = "/") -> dict[str, Any]:
        connection = self.connect()
        connection.request("GET", path)
        with connection.getresponse() as response:
            answer: dict[str, Any] = {"status": response.status, **json.loads(response.read())}
        return answer

    def send(self, path: str) -> http.client.HTTPConnection:
        """Asks without waiting for the answer: there may be none. It is given up when the connection is dropped."""
        connection = self.connect()
        connection.request("GET", path)
        return connection


def run(command: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, env=environment(), cwd=directory, capture_output=True, text=True)


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SELFHEAL_")}
    return {**kept, "PYTHONPATH": str(ROOT / "app-service")}


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
