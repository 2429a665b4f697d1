"""A bus between processes: who appended to the log says so to all, over whatever line there is.

What is said is only that there is something new, and by whom. Events are read from the log, so a word that is lost,
late or doubled costs time or a look, never an event.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Collection
from typing import Protocol

import structlog

from healer.edges.bus import Bus

log = structlog.get_logger()

HEAR_SECONDS = 1.0
PAUSE_SECONDS = 0.005  # between two words: what is appended meanwhile goes with the next one
FIRST_WAIT, LONGEST_WAIT = 0.05, 5.0  # before a lost line is made again
STEADY_SECONDS = 1.0  # a line that held so long is tried again at once


class Line(Protocol):
    """A connection. Every method raises when it is lost."""

    def tell(self, who: str) -> None: ...

    def listen(self) -> None:
        """From here on, what is told is heard."""
        ...

    def hear(self, seconds: float) -> Collection[str]:
        """Who told something; empty when nobody did for so long."""
        ...

    def close(self) -> None: ...


class SharedBus(Bus):
    def __init__(self, connect: Callable[[], Line]) -> None:
        super().__init__()
        self._connect = connect
        self._name = secrets.token_hex(8)
        self._untold = threading.Event()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._over_lines, args=(act,), name=f"bus {act.__name__}", daemon=True)
            for act in (self._tell, self._listen)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._untold.set()
        for thread in self._threads:
            thread.join(timeout=2 * HEAR_SECONDS)

    def notify(self) -> None:
        super().notify()
        self._untold.set()

    def _tell(self, line: Line) -> None:
        while not self._ended.is_set():
            self._untold.wait()
            self._untold.clear()
            try:
                line.tell(self._name)  # also the last time: one's own listener ends by it
            except Exception:
                self._untold.set()  # it is said over the next line
                raise
            time.sleep(PAUSE_SECONDS)

    def _listen(self, line: Line) -> None:
        line.listen()
        super().notify()  # nobody listened until now
        while not self._ended.is_set():
            if any(who != self._name for who in line.hear(HEAR_SECONDS)):
                super().notify()

    def _over_lines(self, act: Callable[[Line], None]) -> None:
        wait = FIRST_WAIT
        while not self._ended.is_set():
            began = time.monotonic()
            try:
                self._over_one(act)
            except Exception as error:  # whatever it was, there has to be a line again
                # Not its words: they may hold the address, and that a password.
                log.warning("the bus lost its line; making another", reason=type(error).__name__)
            wait = FIRST_WAIT if time.monotonic() - began >= STEADY_SECONDS else min(2 * wait, LONGEST_WAIT)
            self._ended.wait(wait)

    def _over_one(self, act: Callable[[Line], None]) -> None:
        line = self._connect()
        try:
            act(line)
        finally:
            line.close()
