"""Wakes whoever waits for new events in this process. It carries none: the log does, by id, so nothing is missed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Bus:
    """Safe to notify from any thread; each subscriber waits on its own event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def notify(self) -> None:
        with self._lock:
            waiters = list(self._waiters.items())
        for waiter, loop in waiters:
            # A loop that closed in the meantime has nobody left to wake.
            if not loop.is_closed():
                loop.call_soon_threadsafe(waiter.set)

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Event]:
        """An event that is set at each notification; the subscriber clears it before it reads the log."""
        waiter = asyncio.Event()
        with self._lock:
            self._waiters[waiter] = asyncio.get_running_loop()
        try:
            yield waiter
        finally:
            with self._lock:
                del self._waiters[waiter]
