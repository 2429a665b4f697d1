"""Counts what users get from one worker: how many requests, how many failed, how long until the answers began.

It does not judge or keep anything: a worker's figures begin with its process, and the supervisor adds them up.
"""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import unquote

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

BOUNDS = tuple(0.001 * 1.3**step for step in range(43))  # seconds, from 1 ms to 61 s; the same in every worker


@dataclass(frozen=True)
class Figures:
    """What the users of one worker got, or with `+` those of several."""

    requests: int = 0
    failed: int = 0  # status 500 or above, or no answer, or one that broke off
    counts: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)  # requests answered within each bound; the last: later
    watched: int = 0  # of the requests that were waited for: answered below 500
    watched_failed: int = 0

    @classmethod
    def of(cls, document: object) -> Figures:
        """From the document of `document()`, which came from another process. Raises ValueError."""
        if not isinstance(document, Mapping):
            raise ValueError(f"figures must be a JSON object, not {type(document).__name__}")
        counts = document.get("counts")
        if not isinstance(counts, list) or len(counts) != len(BOUNDS) + 1:
            raise ValueError(f"counts must be {len(BOUNDS) + 1} numbers: the worker runs another version of selfheal")
        return cls(
            _number(document, "requests"),
            _number(document, "failed"),
            tuple(_number({"counts": count}, "counts") for count in counts),
            _number(document, "watched"),
            _number(document, "watched_failed"),
        )

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "counts": list(self.counts)}

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.requests + other.requests,
            self.failed + other.failed,
            tuple(mine + its for mine, its in zip(self.counts, other.counts)),
            self.watched + other.watched,
            self.watched_failed + other.watched_failed,
        )

    def quantile(self, share: float) -> float:
        """Seconds within which that share of the requests was answered, exact to a bound; 0 without requests."""
        rank, before, lower = share * sum(self.counts), 0, 0.0
        for bound, count in zip(BOUNDS, self.counts):
            if count and before + count >= rank:
                return lower + (bound - lower) * (rank - before) / count
            before += count
            lower = bound
        return lower if self.counts[-1] else 0.0

    def summary(self) -> dict[str, Any]:
        """What the control socket tells of a release."""
        return {
            "requests": self.requests,
            "failed": self.failed,
            "p50": round(self.quantile(0.5), 6),
            "p99": round(self.quantile(0.99), 6),
            "watched": self.watched,
            "watched_failed": self.watched_failed,
        }


class Meter:
    """Passes everything on to the app unchanged and counts the HTTP requests when their answers are complete."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._requests = self._failed = self._watched = self._watched_failed = 0
        self._counts = [0] * (len(BOUNDS) + 1)
        self._awaited: re.Pattern[str] | None = None

    def watch(self, kinds: Iterable[Mapping[str, str]]) -> None:
        """Counts anew, from nought, the requests of these kinds: `method` and `path`, where `*` is for any segment."""
        patterns = [_pattern(kind) for kind in kinds]
        self._awaited = re.compile("|".join(patterns)) if patterns else None
        self._watched = self._watched_failed = 0

    def figures(self) -> Figures:
        return Figures(self._requests, self._failed, tuple(self._counts), self._watched, self._watched_failed)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(self, scope, receive, send)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError:
            # The server ends streams that outlast the drain; that is no failure of what they streamed.
            exchange.excused |= exchange.status != 0
            raise
        finally:
            exchange.settle(whole=False)

    def count(self, scope: Message, seconds: float, answered: bool, failed: bool) -> None:
        """One request is over. One whose client left before the answer is neither answered nor failed."""
        self._requests += 1
        self._failed += failed
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        if self._awaited is not None and self._awaited.fullmatch(f"{scope['method']} {scope['path']}"):
            self._watched += answered and not failed
            self._watched_failed += failed


class _Exchange:
    """One request on its way through; it is counted once."""

    __slots__ = ("_began", "_meter", "_receive", "_scope", "_seconds", "_send", "_settled", "excused", "status")

    def __init__(self, meter: Meter, scope: Message, receive: Receive, send: Send) -> None:
        self._meter, self._scope, self._receive, self._send = meter, scope, receive, send
        self._settled = False
        self.excused = False  # an incomplete answer is not the app's doing
        self.status = 0  # of the answer, once it has begun
        self._began = perf_counter()

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.excused = True
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self._seconds = perf_counter() - self._began
            self.status = message["status"]
        await self._send(message)
        # Only now: the server refuses answers that are no HTTP, a body longer than announced for instance.
        if kind == "http.response.body" and not message.get("more_body", False):
            self.settle(whole=True)

    def settle(self, whole: bool) -> None:
        if self._settled:
            return
        self._settled = True
        answered = self.status != 0
        seconds = self._seconds if answered else perf_counter() - self._began
        failed = self.status >= 500 or not (whole or self.excused)
        self._meter.count(self._scope, seconds, answered, failed)


def _number(document: Mapping[str, Any], name: str) -> int:
    value = document.get(name)
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} must be a whole number from 0, not {value!r}")
    return value


def _pattern(kind: Mapping[str, str]) -> str:
    """Servers tell the path decoded; in a watch it may be as it was sent."""
    segments = ("[^/]+" if one == "*" else re.escape(unquote(one)) for one in kind["path"].split("/"))
    return f"{re.escape(kind['method'])} {'/'.join(segments)}"
