"""A real healer process with a small service's repository beside it; only the supervisor is scripted."""

from __future__ import annotations

import atexit
import functools
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from healer.edges.sandbox import LocalSandbox

from tests import children
from tests.healer.scripted_supervisor import ScriptedSupervisor

SERVICE = '''"""What is in stock."""
from fastapi import FastAPI, HTTPException

app = FastAPI()
STOCK = {"tea": 3}
PRICES = {"tea": 450}


@app.get("/prices/{name}")
def price(name: str):
    if name not in PRICES:
        raise HTTPException(404, f"no such article: {name}")
    return {"cents": PRICES[name]}


@app.get("/stock/{name}")
def stock(name: str):
    return {"left": STOCK[name]}
'''
TESTS = """from app import app
from fastapi.testclient import TestClient


def test_stock():
    assert TestClient(app).get("/stock/tea").json() == {"left": 3}
"""
LINE = next(number for number, line in enumerate(SERVICE.splitlines(), 1) if "STOCK[name]" in line)


def a_report(number: int = 1, path: str = "/stock/mug", **changes: object) -> dict[str, object]:
    frame = {
        "file": "app.py",
        "line": LINE,
        "function": "stock",
        "in_app": True,
        "source": 'return {"left": STOCK[name]}',
        "locals": {"name": "'mug'"},
    }
    return {
        "report_id": f"{number:032d}",
        "exception": {"type": "KeyError", "message": "'mug'", "bases": ["KeyError", "LookupError", "Exception"]},
        "frames": [frame],
        "request": {"method": "GET", "path": path, "headers": {}},
        "entry": "app:app",
        **changes,
    }


@functools.cache
def shared_sandbox() -> Path:
    """The socket of one sandbox for all sites of a test run: starting one takes longer than most tests."""
    folder = tempfile.TemporaryDirectory(prefix="shared-sandbox-")
    sandbox = LocalSandbox(Path(folder.name), sys.executable)
    sandbox.start()
    atexit.register(folder.cleanup)
    atexit.register(sandbox.stop)
    return sandbox.path


class Site:
    """A healer on a free port, the service's repository beside it, and what a test does with both."""

    def __init__(self, folder: Path, service: str = SERVICE, **settings: str) -> None:
        self.folder = folder
        seed = folder / "seed"
        (seed / "tests").mkdir(parents=True)
        (seed / "app.py").write_text(service)
        (seed / "tests" / "test_app.py").write_text(TESTS)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.port = port
        config = folder / "healer.toml"
        policy = "".join(f'{name} = "{settings.pop(name)}"\n' for name in ("autonomy", "engine") if name in settings)
        config.write_text(
            f'[services.stock]\n{self.repository_lines()}{policy}releases = "releases"\ncontrol = "c.sock"\n'
        )
        (folder / "releases").mkdir()
        self.supervisor = ScriptedSupervisor(folder / "c.sock", folder / "releases")
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HEALER_")},
            "HEALER_HOME": str(folder / "home"),
            "HEALER_CONFIG": str(config),
            "HEALER_PORT": str(port),
            "HEALER_SOAK_SECONDS": "3600",
            "HEALER_POLL_SECONDS": "5",
            "HEALER_SANDBOX": str(shared_sandbox()),
            **settings,
        }
        self._start()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)
        self.wait(self._ready)
        token = (folder / "home" / "operator-token").read_text().strip()
        dsn = (folder / "home" / "services" / "stock.dsn").read_text()
        key = dsn.partition("//")[2].partition("@")[0]
        self.http.headers.update({"authorization": f"Bearer {token}", "x-selfheal-key": key})

    @property
    def repository(self) -> Path:
        return self.folder / "stock.git"

    def repository_lines(self) -> str:
        """Of the service's table in healer.toml."""
        return 'repository = "stock.git"\nseed = "seed"\n'

    def _start(self) -> None:
        with (self.folder / "healer.log").open("ab") as log:
            command = [sys.executable, "-m", "healer.cli", "serve"]
            self._process = children.start(command, env=self._environment, stdout=log, stderr=log)

    def kill_and_start(self) -> None:
        self._process.kill()
        self._process.wait()
        self._start()
        self.wait(self._ready)

    def _ready(self) -> bool:
        assert self._process.poll() is None, (self.folder / "healer.log").read_text()
        try:
            return self.http.get("/health/ready").is_success
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        self.http.close()
        self._process.kill()  # an orderly stop takes seconds, and is a test of its own
        self._process.wait(timeout=20)
        self.supervisor.close()

    @staticmethod
    def wait(condition, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.03)

    def stop(self) -> None:
        self._process.terminate()
        assert self._process.wait(timeout=20) == 0

    def report(self, *args: object, **changes: object) -> str:
        answer = self.http.post("/api/v1/reports", json=a_report(*args, **changes))
        assert answer.status_code == 202, answer.text
        return str(answer.json()["incident_id"])

    def incident(self, incident_id: str) -> dict:
        return self.http.get(f"/api/v1/incidents/{incident_id}").json()

    def until(self, incident_id: str, *states: str) -> dict:
        self.wait(lambda: self.incident(incident_id)["state"] in states)
        return self.incident(incident_id)

    def act(self, incident_id: str, action: str, **body: str) -> httpx.Response:
        answer = self.http.post(f"/api/v1/incidents/{incident_id}/{action}", json=body)
        assert answer.status_code == 202, answer.text
        return answer

    def proposed(self) -> str:
        incident_id = self.report()
        incident = self.until(incident_id, "proposed", "declined")
        assert incident["state"] == "proposed", incident["reason"]
        return incident_id

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `healer` with this site's settings."""
        line = [sys.executable, "-m", "healer.cli", *words]
        return subprocess.run(line, env=self._environment, capture_output=True, text=True, timeout=60, check=False)

    def git(self, *words: str) -> str:
        command = ["git", "-C", str(self.repository), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
