"""Release folders of one service, and its supervisor: this prepares, asks it to change over, and points `current`."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from healer.model import DeploymentError, Exchange, Request

KEPT_RELEASES = 5
CHANGE_SECONDS = 120  # the supervisor bounds start and drain itself


@dataclass(frozen=True)
class Changed:
    ok: bool
    release: str | None  # what serves now
    previous: str | None
    reason: str
    seconds: float


class Deployment:
    def __init__(self, releases: Path, control: Path, url: str) -> None:
        self._releases = releases
        self._control = control
        self._url = url

    def prepare(self, commit: str, export: Callable[[Path], None]) -> None:
        """Have the release folder of a commit whole under its own name."""
        folder = self._releases / commit
        if not folder.is_dir():
            export(folder)

    def current(self) -> str | None:
        link = self._releases / "current"
        return str(link.readlink()) if link.is_symlink() else None

    def point(self, commit: str) -> None:
        """Let `current` name a commit: what the supervisor serves after a restart of its own."""
        if self.current() == commit:
            return
        draft = self._releases / f".current.{os.getpid()}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(commit)
        draft.replace(self._releases / "current")
        folder = os.open(self._releases, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def change(self, commit: str) -> Changed:
        """Ask the supervisor to serve a commit; returns when it does, or when it stayed with the old one."""
        started = time.monotonic()
        answer = self._ask({"op": "change", "release": commit}, CHANGE_SECONDS)
        return Changed(
            ok=answer.get("ok") is True,
            release=answer.get("release"),
            previous=answer.get("previous"),
            reason=str(answer.get("reason") or ""),
            seconds=time.monotonic() - started,
        )

    def status(self) -> Mapping[str, Any]:
        return self._ask({"op": "status"}, 5)

    def send(self, request: Request, headers: Mapping[str, str]) -> Exchange | None:
        """Send a request to the running service. None when no address is known or nothing answers."""
        if not self._url:
            return None
        started = time.monotonic()
        dropped = ("host", "content-length", "connection", "accept-encoding")
        sent = {name: value for name, value in request.headers.items() if name not in dropped}
        try:
            with httpx.Client(timeout=10, trust_env=False) as client:
                answer = client.request(request.method, self._url + request.path, headers={**sent, **headers})
        except httpx.HTTPError:
            return None
        return Exchange(
            answer.status_code, dict(answer.headers), answer.text[:65536], seconds=time.monotonic() - started
        )

    def tidy(self, keep: frozenset[str]) -> None:
        """Remove the oldest releases beyond the kept number; never `current` or one of `keep`."""
        kept = keep | {self.current()}
        folders = [path for path in self._releases.iterdir() if path.is_dir() and not path.is_symlink()]
        folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for folder in folders[KEPT_RELEASES:]:
            if folder.name not in kept and not folder.name.startswith("."):
                shutil.rmtree(folder, ignore_errors=True)

    def _ask(self, question: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(seconds)
                connection.connect(str(self._control))
                connection.sendall(json.dumps(question).encode() + b"\n")
                with connection.makefile("rb") as lines:
                    answer = json.loads(lines.readline(65536))
        except (OSError, ValueError) as error:
            raise DeploymentError(f"the supervisor at {self._control} does not answer: {error}") from error
        if not isinstance(answer, dict):
            raise DeploymentError("the supervisor answered with something else than an object")
        return answer
