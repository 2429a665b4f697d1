"""Follows the event log in a thread of its own, from a mark that outlasts a kill. What is done about events is others'.

Everything is worked at least once and in order: a mark moves after what was done, never before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence

import structlog

from healer.edges.bus import Bus
from healer.edges.store import Store
from healer.model import Event

log = structlog.get_logger()

LOOK_SECONDS = 2.0  # without being woken
REST_SECONDS = 0.05  # between two looks: in a flood of lines they would take a core
STOP_SECONDS = 3.0  # that an orderly end waits for; a kill is no worse
SLICE = 200  # events in one read
WRITE_EVERY = 1000  # ids of other events that are passed before the mark says so

Work = Callable[[Sequence[Event]], None]


class Follower:
    """`work` is given the events of these types; it calls `done` as it goes, and returns early when `pause` says so."""

    def __init__(self, name: str, store: Store, bus: Bus, types: Iterable[str], work: Work) -> None:
        self._name = name
        self._store = store
        self._bus = bus
        self._types = frozenset(types)
        self._work = work
        self._position = self._written = 0
        self._news = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """From the mark on; a new one begins at the end of the log."""
        mark, end = self._store.marks.get(self._name), self._store.log.last_id()
        if mark is None or mark > end:  # the latter after a database was put back from a backup
            self._store.marks.set(self._name, end)
        self._position = self._written = min(end if mark is None else mark, end)
        self._thread.start()

    def end(self) -> None:
        """Do nothing new; what is at work may still be."""
        self._ended.set()
        self._news.set()

    def stop(self, deadline: float) -> None:
        """`deadline`: of the monotonic clock, the same for all that end together."""
        self.end()
        if self._thread.ident is not None:
            self._thread.join(timeout=max(deadline - time.monotonic(), 0.0))

    @property
    def position(self) -> int:
        """The id of the last event that is done with."""
        return self._position

    def done(self, event_id: int) -> None:
        """Never work this one or any before it again."""
        self._store.marks.set(self._name, event_id)
        self._position = self._written = event_id

    def pause(self, seconds: float) -> bool:
        """Whether it is to go on afterwards."""
        return not self._ended.wait(seconds)

    def _run(self) -> None:
        with self._bus.follow() as self._news:
            while not self._ended.is_set():
                try:
                    self._follow()
                except Exception:  # whatever it was, what comes next in the log must be worked
                    log.exception("following failed; trying again", follower=self._name)
                    self.pause(LOOK_SECONDS)
                self._news.wait(LOOK_SECONDS)
                self.pause(REST_SECONDS)
                self._news.clear()

    def _follow(self) -> None:
        while not self._ended.is_set():
            end = self._store.log.last_id()
            events = self._store.log.after(self._position, SLICE, self._types)
            if events:
                self._work(events)
                if self._ended.is_set():
                    return  # as far as it said
            if len(events) < SLICE:
                self._pass(max(end, self._position))
                return
            self._pass(max(events[-1].id, self._position))

    def _pass(self, event_id: int) -> None:
        """Nothing before it is left to do; a mark that lags a little costs less than one written for each event."""
        self._position = event_id
        if event_id - self._written >= WRITE_EVERY:
            self.done(event_id)
