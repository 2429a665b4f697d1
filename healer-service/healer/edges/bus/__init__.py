"""Wakes whoever waits for new events. It carries none: the log does, by id, so nothing is missed.

This one is of one process; shared.py has that of several. What another process appends may come without a word of it,
so whoever waits looks at the log every second or two anyhow.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Bus:
    """Safe to notify from any thread; each subscriber waits on its own event loop, each follower in its own thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._followers: set[threading.Event] = set()

    def start(self) -> None:
        """In one process there is nothing to be connected."""

    def stop(self) -> None:
        """As `start`."""

    def notify(self) -> None:
        with self._lock:
            waiters, followers = list(self._waiters.items()), list(self._followers)
        for follower in followers:
            follower.set()
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

    @contextmanager
    def follow(self) -> Iterator[threading.Event]:
        """The same for a thread: `if news.wait(seconds): news.clear()`, then read the log."""
        follower = threading.Event()
        with self._lock:
            self._followers.add(follower)
        try:
            yield follower
        finally:
            with self._lock:
                self._followers.remove(follower)
