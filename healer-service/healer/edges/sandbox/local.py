"""A sandbox of the healer's own, for a machine where none is served. What it is asked is no business of this module."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from healer.edges.sandbox.jobs import Sandbox
from healer.model import SandboxError

JOBS = 3  # one more than a small machine has cores: a job also waits for its files, its fork and its answer
PREFIX = "selfheal-home-"
LONGEST_TEMPORARY = 60  # bytes of the folder's path, so that the socket in it stays below the limit of 107


class LocalSandbox(Sandbox):
    """Starts a sandbox of its own, with the application's interpreter, and starts it again should it die.

    `home` keeps its log. The socket and the client package lie in a temporary folder: a socket's path must be short,
    and jobs may run as users who cannot enter the healer's home.
    """

    def __init__(self, home: Path, interpreter: str, *, allow_weak: bool = False) -> None:
        """`allow_weak`: run jobs even where neither Landlock nor a user for each job is to be had."""
        super().__init__(home / "not-started")
        self._home = home
        self._interpreter = interpreter
        self._options = ("--allow-weak",) if allow_weak else ()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Raises SandboxError when it does not come up."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder = self._fresh_folder()
            self.path = folder / "sandbox.sock"
            log = (self._home / "sandbox.log").open("wb")
            command = [self._interpreter, "-m", "selfheal.sandbox", "--socket", str(self.path), "--with-parent"]
            command += ["--jobs", str(JOBS), *self._options]
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
                    probe.connect(str(self.path))
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
