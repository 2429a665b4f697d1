"""The service with a scripted worker in the model's place, in the test's own process. Judges nothing."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn
from llm_service.app import create_app
from llm_service.settings import Settings

from tests.llm_service import scripted_worker
from tests.llm_service.client import Service


@dataclass
class ScriptedEngine:
    """In the words of scripted_worker: what one does before it is ready, which refuses the file by what it says, and
    what one does for a chat that ends in nothing, as that which warms it."""

    folder: Path
    load: str = ""
    warming: str = ""
    missing: str | None = None
    program: str = sys.executable

    def problem(self) -> str | None:
        return self.missing

    def command(self, settings: Settings, socket: Path, report: int) -> list[str]:
        name = f"{settings.model.stat().st_size}"
        given = {
            "folder": self.folder,
            "socket": socket,
            "report": report,
            "load": self.load,
            "warming": self.warming,
            "name": name,
        }
        return [self.program, scripted_worker.__file__, *(f"--{name}={value}" for name, value in given.items())]

    def allow(self, name: str) -> None:
        """Lets those go on that wait for the name."""
        (self.folder / name).touch()

    def journal(self, *kinds: str) -> list[Any]:
        """What happened, in order: what each line of these kinds is about."""
        path = self.folder / "journal"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [about for kind, about in lines if kind in kinds]

    def begun(self) -> list[str]:
        """The prompts in the order in which the worker had them, those that warm it left out."""
        bodies = self.journal("begin")
        texts = [body["messages"][-1]["content"] if "messages" in body else body["prompt"] for body in bodies]
        return [text for text in texts if text]


@contextmanager
def serving(settings: Settings, engine: ScriptedEngine) -> Iterator[Service]:
    """The front on a port of its own, once it takes requests."""
    app = create_app(settings, engine, poll_seconds=0.02)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield Service(f"http://127.0.0.1:{listening.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join()
