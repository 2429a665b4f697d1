"""A thread that does what is due, again and again: after a pause, and at once when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()

SECONDS = 2.0


class Beat:
    def __init__(self, name: str, act: Callable[[], None], seconds: float = SECONDS) -> None:
        self._name = name
        self._act = act
        self._seconds = seconds
        self._due = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def soon(self) -> None:
        """Do not wait for the next time."""
        self._due.set()

    def stop(self) -> None:
        self._ended.set()
        self._due.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._due.wait(self._seconds)
            self._due.clear()
            try:
                self._act()
            except Exception:  # whatever it was, what is due must be looked at again
                log.exception("failed; trying again", thread=self._name)
