"""The event log on its way to open pages: read and put into words once for all of them, however many there are.

The newest events are kept in a ring that all streams share. One that begins earlier, or falls behind, reads the log
itself until it is in the ring again; so whoever does not read holds up nobody and no memory. It writes nothing.
"""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_right
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

import structlog

from healer.edges.bus import Bus
from healer.edges.store import Log
from healer.model import BadInput, Event

log = structlog.get_logger()

T = TypeVar("T")

AT_ONCE = 500  # events that are read in one go
BLOCK_BYTES = 2**18  # that are sent in one go, unless one event alone is larger
RING_EVENTS = 10_000
RING_BYTES = 8 * 2**20
PAUSE_SECONDS = 0.005  # between two reads: what has come meanwhile goes together, at the price of one
LOOK_SECONDS = 2.0  # after which the log is looked at without news: a notification of another process may be lost
KEEP_ALIVE_SECONDS = 15.0
CHECK_SECONDS = 10.0  # between two looks whether who listens still may
READERS = 2  # streams behind the ring that may ask the database at the same time

HEADERS = {"X-Accel-Buffering": "no"}  # a proxy between must not hold back what was said

_LONGEST_ID = 19  # digits of the largest number that a database takes for one


def first_id(headers: Mapping[str, str], after: int | None) -> int | None:
    """After which event a client wants to go on; None: from now on. What a browser says by itself comes first."""
    last = headers.get("last-event-id", "")
    if not last:
        return after
    if not (last.isascii() and last.isdigit() and len(last) <= _LONGEST_ID):
        raise BadInput(
            f"Last-Event-ID: {last[:40]!r} is no event's id; send the number of the last one, or leave it out"
        )
    return int(last)


@dataclass(frozen=True)
class _Block:
    """Events after each other, as they go over the wire."""

    ids: tuple[int, ...]
    starts: tuple[int, ...]  # of each in the data
    data: bytes

    def after(self, event_id: int) -> bytes:
        place = bisect_right(self.ids, event_id)
        if place == 0:
            return self.data
        return self.data[self.starts[place] :] if place < len(self.ids) else b""


@dataclass
class _Ring:
    """The newest events: everything from `begin`, which it does not hold, to `end`."""

    begin: int
    end: int

    def __post_init__(self) -> None:
        self._blocks: deque[_Block] = deque()
        self._events = 0
        self._bytes = 0

    def add(self, block: _Block) -> None:
        self._blocks.append(block)
        self.end = block.ids[-1]
        self._events += len(block.ids)
        self._bytes += len(block.data)
        while self._events > RING_EVENTS or self._bytes > RING_BYTES:
            gone = self._blocks.popleft()
            self.begin = gone.ids[-1]
            self._events -= len(gone.ids)
            self._bytes -= len(gone.data)

    def after(self, event_id: int) -> _Block | None:
        """The block to go on with; None when that is not here, or not written yet."""
        if event_id < self.begin or event_id >= self.end:
            return None
        return self._blocks[bisect_right(self._blocks, event_id, key=lambda block: block.ids[-1])]


class Feed:
    """Belongs to the event loop that serves the routes; the log is read by threads of its own."""

    def __init__(self, source: Log, bus: Bus) -> None:
        self._log = source
        self._bus = bus
        self._threads = ThreadPoolExecutor(READERS + 1, thread_name_prefix="feed")
        self._ring: _Ring | None = None  # while somebody listens
        self._reader: asyncio.Task[None] | None = None
        self._behind = asyncio.Semaphore(READERS)
        self._grown = asyncio.Event()  # another one each time: whoever took it before it looked misses nothing
        self._ended = False
        self.streams = 0

    async def start_of(self, after: int | None) -> int:
        """Where a stream begins. An id from beyond the log's end is another log's: what comes from now on is told."""
        end = await self._in_thread(self._log.last_id)
        return end if after is None else min(after, end)

    async def stream(self, after: int, allowed: Callable[[], bool] = lambda: True) -> AsyncIterator[bytes]:
        """Server-Sent Events until the healer ends, or who listens is not `allowed` to any more."""
        yield b"retry: 1000\n\n"
        clock = asyncio.get_running_loop().time
        said = checked = clock()
        with self._listening():
            while not self._ended:
                if clock() - checked >= CHECK_SECONDS:
                    if not await self._in_thread(allowed):
                        return
                    checked = clock()
                grown = self._grown
                try:
                    blocks = await self._next(after)
                except Exception as error:  # the client asks again, from where it was
                    log.warning("an event stream ends: the log cannot be read", reason=str(error).partition("\n")[0])
                    return
                for block in blocks:
                    yield block.after(after)
                    after, said = block.ids[-1], clock()
                if blocks:
                    continue
                if clock() - said >= KEEP_ALIVE_SECONDS:
                    yield b"event: alive\ndata:\n\n"  # a comment is nothing that the page could see
                    said = clock()
                await grown.wait()

    def end(self) -> None:
        """End all streams. Their clients ask again, of the next healer."""
        self._ended = True
        self._wake()

    async def _next(self, after: int) -> list[_Block]:
        """What follows: nothing when there is nothing yet."""
        ring = self._ring
        if ring is not None and after >= ring.begin:
            block = ring.after(after)
            return [block] if block is not None else []
        async with self._behind:
            return await self._in_thread(self._read, after)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """There is a reader as long as there is a stream."""
        self.streams += 1
        if self._reader is None:
            self._reader = asyncio.create_task(self._follow())
            self._behind = asyncio.Semaphore(READERS)  # of this event loop
        try:
            yield
        finally:
            self.streams -= 1
            if not self.streams:
                self._reader.cancel()
                self._reader = self._ring = None

    async def _follow(self) -> None:
        with self._bus.subscribe() as news:
            while not self._ended:
                news.clear()
                try:
                    full = await self._extend()
                except Exception as error:
                    log.warning("the log cannot be read; trying again", reason=str(error).partition("\n")[0])
                    full = False
                self._wake()
                await asyncio.sleep(PAUSE_SECONDS)
                if not full:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(news.wait(), LOOK_SECONDS)

    async def _extend(self) -> bool:
        """Have the ring hold what is new. True when there is probably more."""
        ring = self._ring
        if ring is None:
            end = await self._in_thread(self._log.last_id)
            self._ring = _Ring(end, end)
            return False
        blocks = await self._in_thread(self._read, ring.end)
        for block in blocks:
            ring.add(block)
        return sum(len(block.ids) for block in blocks) == AT_ONCE

    def _read(self, after: int) -> list[_Block]:
        return _blocks(self._log.after(after, AT_ONCE))

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    async def _in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)


def _blocks(events: tuple[Event, ...]) -> list[_Block]:
    blocks: list[_Block] = []
    ids: list[int] = []
    starts: list[int] = []
    data = bytearray()
    for event in events:
        line = f"id: {event.id}\ndata: {json.dumps(vars(event))}\n\n".encode()
        if ids and len(data) + len(line) > BLOCK_BYTES:
            blocks.append(_Block(tuple(ids), tuple(starts), bytes(data)))
            ids, starts, data = [], [], bytearray()
        ids.append(event.id)
        starts.append(len(data))
        data += line
    if ids:
        blocks.append(_Block(tuple(ids), tuple(starts), bytes(data)))
    return blocks
