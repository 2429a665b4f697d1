"""A supervisor that serves nothing: it speaks the control socket's protocol and does as the test says."""

from __future__ import annotations

import json
import socketserver
import threading
from pathlib import Path


class ScriptedSupervisor:
    """Strict: a question the protocol does not know, or a release without its folder, is refused.

    `refuse` holds the reason for which the next changes fail; "" lets them pass.
    """

    def __init__(self, control: Path, releases: Path) -> None:
        self.releases = releases
        self.changes: list[str] = []
        self.refuse = ""
        self.serving: str | None = None
        supervisor = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                answer = supervisor.answer(json.loads(self.rfile.readline()))
                self.wfile.write(json.dumps(answer).encode() + b"\n")

        self._server = socketserver.ThreadingUnixStreamServer(str(control), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, question: dict[str, str]) -> dict[str, object]:
        current = self.releases / "current"
        if self.serving is None and current.is_symlink():
            self.serving = str(current.readlink())
        if question == {"op": "status"}:
            return {"ok": True, "state": "serving", "release": self.serving, "pid": 1}
        assert set(question) == {"op", "release"}
        assert question["op"] == "change"
        release = question["release"]
        if not (self.releases / release).is_dir():
            return {"ok": False, "release": self.serving, "reason": f"there is no release {release}"}
        self.changes.append(release)
        if self.refuse:
            return {"ok": False, "release": self.serving, "reason": self.refuse}
        previous, self.serving = self.serving, release
        return {"ok": True, "release": release, "previous": previous, "seconds": 0.1}
