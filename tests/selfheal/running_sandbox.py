"""A real sandbox process on a socket of its own, and a client that speaks its protocol."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
import selfheal
from selfheal.sandbox import processes

PACKAGE_HOME = str(Path(selfheal.__file__).parent.parent)

# An ASGI application that runs, for each request, the code in its body and answers what `answer` then holds.
RUNS_CODE = """
import os
async def app(scope, receive, send):
    assert scope["type"] == "http"
    code = (await receive())["body"].decode()
    held = {"answer": None, "os": os}
    exec(code, held)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": repr(held["answer"]).encode()})
"""

# Finds the end of the line that its own process speaks with, and says something of its own.
FORGES = """
import gc
from selfheal.sandbox.channel import JobEnd
def line():
    return next(found for found in gc.get_objects() if isinstance(found, JobEnd))
GOOD = {"status": 200, "headers": {}, "body": "", "exception": None, "frames": [], "seconds": 0.1}
TOLD = {"cookies": [], "token": "", "ids": {}}
def forge():
    line().send({"problem": "", "exchange": GOOD, "told": TOLD})
def end_twice():
    import json, os
    honest = JobEnd.send
    def send(self, message):
        if "ran" not in message:
            return honest(self, message)
        os.write(self._descriptor, 2 * (json.dumps({"nonce": self._nonce, **message}).encode() + b"\\n"))
    JobEnd.send = send
"""


def archive_of(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


class RunningSandbox:
    def __init__(self, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="sandbox-test-")
        self.directory = Path(self._directory.name)
        self.directory.chmod(0o755)
        (self.directory / "work").mkdir(mode=0o755)
        self.socket = str(self.directory / "sandbox.sock")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "selfheal.sandbox", "--socket", self.socket, *options],
            env={
                **os.environ,
                "PYTHONPATH": PACKAGE_HOME,
                "TMPDIR": str(self.directory / "work"),
                **(environment or {}),
            },
            cwd=self.directory,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.said = self.process.stderr.readline()

    def __enter__(self) -> RunningSandbox:
        assert "serving" in self.said, self.said
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()
            assert self.process.stderr is not None
            self.process.stderr.close()
            self._directory.cleanup()

    @property
    def measures(self) -> set[str]:
        return set(self.said.rpartition("in force: ")[2].strip().split(", "))

    def left_behind(self) -> list[str]:
        """Directories of jobs that are not gone."""
        return [str(path) for path in (self.directory / "work").glob("selfheal-sandbox-*/*")]

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(60)
        connection.connect(self.socket)
        return connection

    def send(self, header: bytes, data: bytes = b"") -> Any:
        with self.connect() as connection:
            connection.sendall(header + b"\n" + data)
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        return json.loads(received)

    def ask(self, job: Mapping[str, Any], files: Mapping[str, str]) -> Any:
        data = archive_of(files)
        return self.send(json.dumps({"job": job, "tree_bytes": len(data)}).encode(), data)

    def replay(self, files: Mapping[str, str], *requests: Mapping[str, Any], **job: Any) -> Any:
        return self.ask({"kind": "replay", "entry": "app:app", "requests": requests, **job}, files)

    def run(self, code: str, **limits: Any) -> Any:
        """The whole answer to a job that runs `code`; see `result_of`."""
        request = {"method": "POST", "path": "/", "body": code}
        return self.replay({"app.py": RUNS_CODE}, request, limits={"seconds": 20, **limits})


def result_of(answer: Any) -> str:
    """repr of what the code of RunningSandbox.run left in `answer`."""
    assert answer["status"] == "ok", answer
    exchange = answer["result"]["exchanges"][0]
    assert exchange["exception"] is None, exchange
    return str(exchange["body"])


def replay(sandbox: RunningSandbox, files: Mapping[str, str], *requests: dict[str, Any], **job: Any) -> dict[str, Any]:
    answer = sandbox.replay(files, *requests, **{"entry": "shop.main:app", **job})
    assert answer["status"] == "ok", answer
    result = answer["result"]
    assert isinstance(result, dict)
    return result


def get(path: str) -> dict[str, Any]:
    return {"method": "GET", "path": path, "headers": {}}


def assert_clean(sandbox: RunningSandbox) -> None:
    """Nothing runs, nothing is left, and the next job works."""
    assert result_of(sandbox.run("answer = os.listdir('.'), os.listdir('../tmp'), os.listdir('../home')")) == (
        "(['app.py'], [], [])"
    )
    assert wait_until(lambda: not list(processes.descendants(sandbox.process.pid)))
    assert sandbox.left_behind() == []


def needs(*measures: str) -> pytest.MarkDecorator:
    """Marks a test for the fixture `measured`: it runs only where these measures are in force."""
    return pytest.mark.parametrize("measured", [measures], indirect=True, ids=["-".join(measures)])
