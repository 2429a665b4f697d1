"""Jobs for the sandbox: replays and test runs of untrusted trees.

It isolates nothing itself; `selfheal.sandbox` does, in its own process.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from healer.model import ExceptionInfo, Exchange, Frame, Replay, Request, SandboxError, Suite

JOBS = 3  # one more than a small machine has cores: a job also waits for its files, its fork and its answer
PREFIX = "selfheal-home-"
LONGEST_TEMPORARY = 60  # bytes of the folder's path, so that the socket in it stays below the limit of 107
LARGEST_ANSWER = 64 * 2**20
_EXCHANGE = TypeAdapter(Exchange)
_SUITE_OUTCOMES = TypeAdapter(dict[str, str])


class Sandbox:
    """Speaks to a sandbox on a Unix socket.

    Raises SandboxError when it does not answer; a bad patch is a result, not an error.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def replay(
        self,
        tree: bytes,
        requests: Sequence[Request],
        *,
        entry: str | None,
        env: Mapping[str, str],
        headers: Mapping[str, str],
        limits: Mapping[str, Any],
    ) -> Replay:
        """Run the requests in order against a fresh start of the application; the last one is the failing one."""
        job = {
            "kind": "replay",
            "entry": entry,
            "env": dict(env),
            "headers": dict(headers),
            "limits": dict(limits),
            "requests": [request_json(request) for request in requests],
        }
        answer = self._run(job, tree, float(limits["seconds"]))
        result = answer.get("result") or {}
        try:
            exchanges = tuple(_exchange(item) for item in result.get("exchanges", ()))
        except (ValidationError, AttributeError, TypeError) as error:
            return Replay(f"the sandbox's answer cannot be read: {str(error)[:200]}")
        return Replay(
            _problem(answer, result), exchanges, float(answer.get("seconds", 0)), tuple(answer.get("isolation", ()))
        )

    def tests(self, tree: bytes, args: Sequence[str], *, env: Mapping[str, str], limits: Mapping[str, Any]) -> Suite:
        job = {"kind": "tests", "args": list(args), "env": dict(env), "limits": dict(limits)}
        answer = self._run(job, tree, float(limits["seconds"]))
        result = answer.get("result") or {}
        try:
            outcomes = _SUITE_OUTCOMES.validate_python(result.get("outcomes", {}))
        except ValidationError as error:
            return Suite(f"the sandbox's answer cannot be read: {str(error)[:200]}")
        return Suite(
            _problem(answer, result), outcomes, str(result.get("output", ""))[-20_000:], float(answer.get("seconds", 0))
        )

    def _run(self, job: Mapping[str, Any], tree: bytes, seconds: float) -> dict[str, Any]:
        header = json.dumps({"job": job, "tree_bytes": len(tree)}).encode() + b"\n"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(seconds * 4 + 60)  # jobs queue; the sandbox itself ends a slow one
                connection.connect(str(self._path))
                connection.sendall(header)
                connection.sendall(tree)
                data = bytearray()
                while chunk := connection.recv(65536):
                    data += chunk
                    if len(data) > LARGEST_ANSWER:
                        raise SandboxError("the sandbox's answer is too large")
            answer = json.loads(data)
        except (OSError, ValueError) as error:
            raise SandboxError(f"the sandbox at {self._path} does not answer: {error}") from error
        if not isinstance(answer, dict):
            raise SandboxError("the sandbox answered with something else than an object")
        return answer


class LocalSandbox(Sandbox):
    """Starts a sandbox of its own, with the application's interpreter, and starts it again should it die.

    `home` keeps its log. The socket and the client package lie in a temporary folder: a socket's path must be short,
    and jobs may run as users who cannot enter the healer's home.
    """

    def __init__(self, home: Path, interpreter: str) -> None:
        super().__init__(home / "not-started")
        self._home = home
        self._interpreter = interpreter
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Raises SandboxError when it does not come up."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder = self._fresh_folder()
            self._path = folder / "sandbox.sock"
            log = (self._home / "sandbox.log").open("wb")
            command = [self._interpreter, "-m", "selfheal.sandbox", "--socket", str(self._path), "--with-parent"]
            command += ["--jobs", str(JOBS)]
            # Nothing of the healer's own environment goes in: it holds secrets.
            environment = {
                "PATH": os.environ.get("PATH", os.defpath),
                "PYTHONPATH": str(folder / "library"),
                "LANG": "C.UTF-8",
            }
            try:
                self._process = subprocess.Popen(
                    command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            except OSError as error:
                self._forget_folder()
                raise SandboxError(f"cannot start {self._interpreter}: {error}") from error
            finally:
                log.close()
            self._wait()

    def stop(self) -> None:
        with self._lock:
            if self._process is not None:
                self._process.terminate()
                try:
                    self._process.wait(timeout=5)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
                self._process = None
            self._forget_folder()

    def _run(self, job: Mapping[str, Any], tree: bytes, seconds: float) -> dict[str, Any]:
        self.start()
        return super()._run(job, tree, seconds)

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                said = (self._home / "sandbox.log").read_text(errors="replace").strip().splitlines()
                raise SandboxError(f"the sandbox ended while starting: {said[-1] if said else 'no output'}")
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                try:
                    probe.connect(str(self._path))
                except OSError:
                    time.sleep(0.02)
                    continue
                return
        raise SandboxError("the sandbox did not come up within 30 seconds")

    def _fresh_folder(self) -> Path:
        """Holds a copy of the client package and nothing else of ours: the application must not see the healer's."""
        self._forget_folder()
        spec = importlib.util.find_spec("selfheal")
        if spec is None or not spec.submodule_search_locations:
            raise SandboxError("the package selfheal is not installed beside the healer; install app-service")
        short = tempfile.gettempdir() if len(tempfile.gettempdir()) <= LONGEST_TEMPORARY else "/tmp"  # noqa: S108 - mkdtemp
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=short))
        self._noted.write_text(str(folder))
        folder.chmod(0o755)
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(spec.submodule_search_locations[0], folder / "library" / "selfheal", ignore=left_out)
        return folder

    def _forget_folder(self) -> None:
        """Remove the folder of the last start, also of a process that was killed."""
        with contextlib.suppress(OSError):
            folder = Path(self._noted.read_text())
            if folder.name.startswith(PREFIX):
                shutil.rmtree(folder, ignore_errors=True)
            self._noted.unlink()

    @property
    def _noted(self) -> Path:
        return self._home / "folder"


def request_json(request: Request) -> dict[str, Any]:
    """A request as the sandbox and the page take it."""
    out: dict[str, Any] = {"method": request.method, "path": request.path, "headers": dict(request.headers)}
    key = {"json": "json", "form": "form", "text": "body", "base64": "body_b64"}.get(request.body_kind)
    if key is not None:
        out[key] = request.body
    if request.status is not None:
        out["status"] = request.status
    if request.ids:
        out["ids"] = dict(request.ids)
    return out


def _problem(answer: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    status = answer.get("status")
    if status != "ok":
        return f"{str(status).replace('_', ' ')}: {answer.get('detail') or 'no detail'}"[:500]
    return str(result.get("problem") or "")[:2000]


def _exchange(item: Mapping[str, Any]) -> Exchange:
    exception = item.get("exception")
    return _EXCHANGE.validate_python(
        {
            "status": item.get("status"),
            "headers": item.get("headers", {}),
            "body": item.get("body", ""),
            "seconds": item.get("seconds", 0.0),
            "exception": ExceptionInfo(
                type=str(exception["type"]),
                message=str(exception["message"]),
                module=str(exception.get("module") or "builtins"),
                bases=tuple(exception.get("bases") or ()),
            )
            if exception
            else None,
            "frames": tuple(
                Frame(
                    file=str(frame["file"]),
                    line=int(frame["line"]),
                    function=str(frame["function"]),
                    in_app=bool(frame.get("in_app")),
                    source=str(frame.get("source", "")),
                    context={int(line): str(text) for line, text in (frame.get("context") or {}).items()},
                    locals={str(name): str(text) for name, text in (frame.get("locals") or {}).items()},
                )
                for frame in item.get("frames") or ()
            ),
        }
    )
