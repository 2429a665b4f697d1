"""The commands in this process, against the real API on a port of its own; nothing is healed behind it."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from healer import cli

from tests.healer.web.release_desk import OPERATOR, Desk


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


class Served:
    """A desk behind HTTP, which may be away for a while."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.broken: dict[str, int] = {}  # path → the status that is answered instead
        self.refused = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.start()

    def start(self) -> None:
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            port=self.port,
            lifespan="off",
            log_level="critical",
            timeout_graceful_shutdown=0,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.005)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        """As from behind a proxy, which has answers of its own."""
        status = self.broken.get(scope["path"])
        if status is None:
            await self.desk.http.app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<h1>Bad gateway</h1>"})
        self.refused += 1

    def stop(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()

    def close(self) -> None:
        self.stop()
        self.desk.close()


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with closing(Served(tmp_path)) as made:
        monkeypatch.setenv("HEALER_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("HEALER_PORT", str(made.port))
        monkeypatch.setenv("HEALER_OPERATOR_TOKEN", OPERATOR)
        monkeypatch.delenv("COLUMNS", raising=False)
        yield made


@pytest.fixture
def healer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """`healer <words>` as a script runs it: no terminal, an exit code, two streams."""

    def run(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["healer", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return run
