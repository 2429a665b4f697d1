"""A supervisor that serves nothing: it speaks the control socket's protocol and does as the test says."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfheal.supervisor.releases import find_release
from selfheal.supervisor.smoke import checked

FIGURES = {"requests": 0, "failed": 0, "p50": 0.0, "p99": 0.0, "watched": 0, "watched_failed": 0}


class ScriptedSupervisor:
    """Strict: a question the protocol does not know, or a release without its folder, is refused.

    `refuse` holds the reason for which the next changes fail; "" lets them pass. `figures` says what a release's users
    got, `fall_back` has it leave what it serves by itself. With `old` it knows no canary, no smoke and no figures.
    """

    def __init__(self, control: Path, releases: Path) -> None:
        self.releases = releases
        self.orders: list[dict[str, Any]] = []  # every change that was asked for, as it came
        self.refuse = ""
        self.serving: str | None = None
        self.canary: str | None = None
        self.old = False
        self._before: str | None = None
        self._fell_back: Mapping[str, str] | None = None
        self._traffic: dict[str, dict[str, float]] = {}
        self._changing = threading.Lock()
        supervisor = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                answer = supervisor.answer(json.loads(self.rfile.readline()))
                self.wfile.write(json.dumps(answer).encode() + b"\n")

        self._server = socketserver.ThreadingUnixStreamServer(str(control), Handler)
        # Looked at as often: `close` waits for the next look.
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def changes(self) -> list[str]:
        """The releases that were asked for, canaries too."""
        return [order["release"] for order in self.orders]

    def figures(self, release: str, **figures: float) -> None:
        assert set(figures) <= set(FIGURES)
        self._traffic[release] = {**FIGURES, **figures}

    def fall_back(self, reason: str) -> None:
        """Leave the release that came last, as a probation does."""
        left = self.canary or self.serving
        assert left is not None
        if self.canary is None:
            self.serving = self._before
        self.canary, self._fell_back = None, {"release": left, "reason": reason}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        current = self.releases / "current"
        if self.serving is None and current.is_symlink():
            self.serving = str(current.readlink())
        if question == {"op": "status"}:
            return self._status()
        assert question["op"] == "change"
        assert set(question) <= {"op", "release", "canary", "smoke", "watch"}
        with self._changing:
            return self._change(question)

    def _status(self) -> dict[str, Any]:
        status = {"ok": True, "state": "serving" if self.serving else "waiting", "release": self.serving, "pid": 1}
        if self.old:
            return status
        served = [release for release in (self.serving, self.canary) if release]
        workers = [{"release": release, "pid": number} for number, release in enumerate(served, 1)]
        traffic = {release: FIGURES for release in served} | self._traffic
        return {**status, "workers": workers, "canary": self.canary, "fell_back": self._fell_back, "traffic": traffic}

    def _change(self, order: dict[str, Any]) -> dict[str, Any]:
        try:
            checked(order)
            release, share = find_release(self.releases, order.get("release")), order.get("canary")
            assert share is None or (type(share) is int and share >= 1)
        except ValueError as error:
            return {"ok": False, "release": self.serving, "reason": str(error)}
        self.orders.append(order)
        if self.refuse:
            return {"ok": False, "release": self.serving, "reason": self.refuse}
        previous, self._fell_back = self.serving, None
        if share is not None and not self.old and self.serving not in (None, release):
            self.canary = release
        else:
            if release != self.serving:
                self._before = self.serving
            self.serving, self.canary = release, None
        return {"ok": True, "release": self.serving, "previous": previous, "seconds": 0.1}
