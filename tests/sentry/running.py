"""Apps with stock SDKs as real processes: the environments, how each is served, and the requests that crash it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".venv"
PATIENCE = 60  # seconds for an app to come up on a busy machine


@dataclass(frozen=True)
class Crash:
    """One request that makes the app report, and what the app answers all the same."""

    method: str
    path: str
    status: int = 500
    send: dict[str, Any] = field(default_factory=dict)  # as httpx takes it


CRASHES = {
    "none": Crash("POST", "/bookings", send={"json": {"sailing": "F99", "passengers": ["Ann", "Bo"]}}),
    "key": Crash("GET", "/fares?line=west&kind=adult"),
    "chain": Crash("GET", "/timetable/sunday"),
    "group": Crash("POST", "/manifests", send={"json": ["4", "four", "5", "five"]}),
    "form": Crash("POST", "/vehicles", send={"data": {"kind": "bus", "metres": "long"}}),
    "thread": Crash("POST", "/warnings/dover", status=202),
    "logged": Crash("GET", "/weather/calais", status=200),
    "trimmed": Crash("POST", "/crews", send={"json": ["cook", *(f"sailor {number}" for number in range(2000))]}),
}
NODE_CRASHES = {
    "none": CRASHES["none"],
    "chain": CRASHES["chain"],
    "rejection": Crash("POST", "/warnings/dover", status=200),
}


@dataclass(frozen=True)
class Stock:
    """One SDK with one framework."""

    sdk: str  # oldest | newest | node
    framework: str  # fastapi | flask | http

    @property
    def name(self) -> str:
        return f"{self.sdk}-{self.framework}"

    @property
    def version(self) -> str:
        """Of the SDK, as it is locked."""
        if self.sdk == "node":
            return str(json.loads((HERE / "package.json").read_text())["dependencies"]["@sentry/node"])
        locked = re.search(r"^sentry-sdk==(\S+)", (HERE / f"{self.name}.lock").read_text(), re.M)
        assert locked is not None
        return locked.group(1)

    @property
    def lack(self) -> str:
        """Why it cannot report here; "" where it can. The environments have this Python."""
        if self.sdk == "oldest" and sys.version_info >= (3, 13):
            return f"sentry-sdk {self.version} reports nothing on Python 3.13: it fails to copy the locals of frames"
        return ""

    @property
    def crashes(self) -> dict[str, Crash]:
        return NODE_CRASHES if self.sdk == "node" else CRASHES

    def command(self, port: int, folder: Path, environments: Path) -> list[str]:
        python = str(environments / f"sentry-{self.name}" / "bin" / "python")
        if self.framework == "fastapi":
            words = ["-m", "uvicorn", "ferry.by_fastapi:app", "--port", str(port), "--log-level", "error"]
            return [python, *words]
        if self.framework == "flask":
            return [python, "-m", "flask", "--app", "ferry.by_flask", "run", "--port", str(port)]
        return ["node", str(folder / "node" / "server.js"), str(port)]


NODE = Stock("node", "http")
PYTHON = tuple(Stock(sdk, framework) for sdk in ("oldest", "newest") for framework in ("fastapi", "flask"))
STOCK = (*PYTHON, NODE)


class App:
    """A running app that reports to `dsn`."""

    def __init__(
        self, stock: Stock, dsn: str, log: Path, folder: Path = HERE / "apps", environments: Path = ENVIRONMENTS
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.stock = stock
        self.log = log
        environment = {
            "PATH": os.environ["PATH"],
            "SENTRY_DSN": dsn,
            "SENTRY_DEBUG": "1",  # has the SDK say what it was answered
            "PYTHONDONTWRITEBYTECODE": "1",
            "NODE_PATH": str(environments / "sentry-node" / "node_modules"),
        }
        with log.open("ab") as out:
            command = stock.command(port, folder, environments)
            self._process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            timeout=PATIENCE,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),  # a server that answers 500 may close the connection
        )

    def wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.serves():
            assert self._process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def serves(self) -> bool:
        try:
            return self._http.get("/sailings/F10").is_success
        except httpx.TransportError:
            return False

    def crash(self, name: str) -> None:
        crash = self.stock.crashes[name]
        answer = self._http.request(crash.method, crash.path, **crash.send)
        assert answer.status_code == crash.status, answer.text

    def close(self) -> None:
        self._http.close()
        self._process.kill()
        self._process.wait()
