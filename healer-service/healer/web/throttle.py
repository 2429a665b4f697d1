"""Slows down who is wrong, and counts what was refused. It knows no tokens, and holds up none that is right: those are
too long to be guessed, and else a stranger could keep the operator out.

An address may be wrong ten times a minute, and all together a hundred times.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import deque
from collections.abc import Callable
from math import ceil

import structlog
from fastapi import Request

from healer.hosts import is_loopback
from healer.model import HealerError

WINDOW = 60.0  # seconds
MOST_OF_ONE = 10
MOST_OF_ALL = 100

log = structlog.get_logger()


class Throttled(HealerError):
    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, ceil(seconds))
        super().__init__(f"too many wrong tokens; try again in {self.seconds} s")


class Throttle:
    """Small by itself: who is held up is not counted, so there are never many failures within the window."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: deque[tuple[float, str]] = deque()  # of the last window: when, and whose

    def note(self, address: str) -> None:
        """That a token from there was wrong. Raises Throttled when that was so too often."""
        with self._lock:
            now = self._clock()
            over = now - WINDOW
            while self._failures and self._failures[0][0] <= over:
                self._failures.popleft()
            own = [moment for moment, whose in self._failures if whose == address]
            if len(own) >= MOST_OF_ONE:
                raise Throttled(own[-MOST_OF_ONE] - over)
            if len(self._failures) >= MOST_OF_ALL:
                raise Throttled(self._failures[-MOST_OF_ALL][0] - over)
            self._failures.append((now, address))


class Refusals:
    """Tells how often somebody was refused, and how often from afar: the first at once, then once a minute."""

    def __init__(self, tell: Callable[[int, int], None], every: float = WINDOW) -> None:
        self._tell = tell
        self._every = every
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._count = self._remote = 0

    def note(self, *, remote: bool) -> None:
        with self._lock:
            self._count += 1
            self._remote += remote
            if self._timer is not None:
                return
            self._wait()
        self._say()

    def stop(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
        self._say()

    def _wait(self) -> None:
        self._timer = threading.Timer(self._every, self._minute_over)
        self._timer.daemon = True
        self._timer.start()

    def _minute_over(self) -> None:
        with self._lock:
            self._timer = None
            if not self._count:
                return
            self._wait()
        self._say()

    def _say(self) -> None:
        with self._lock:
            count, remote = self._count, self._remote
            self._count = self._remote = 0
        if not count:
            return
        try:
            self._tell(count, remote)
        except Exception:  # who is refused is to be told that, and the rest in a minute
            log.exception("refusals cannot be told", count=count)
            with self._lock:
                self._count += count
                self._remote += remote


def address_of(request: Request) -> str:
    """Whom a failure counts for. Who has one IPv6 address has all of its network."""
    host = request.client.host if request.client is not None else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6 and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def is_remote(request: Request) -> bool:
    """Only the class of the address is kept: where people sit is not the log's business."""
    return request.client is not None and not is_loopback(request.client.host)
