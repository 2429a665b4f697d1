"""How fast what is written to the event log is at those who look on: `python -m tests.benchmarks.events`.

One server process writes lines at a fixed rate and serves them as Server-Sent Events; this one listens on so many
streams. Lines come from as many threads as heals may run at once, and each waits until its line is written. The feed
is measured beside streams that read the log each for itself, in one run, as nothing else is comparable; then over two
processes on one Postgres, of which one writes and the other serves. A line counts from its own time stamp, just before
its commit, to its arrival.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import httpx
import uvicorn
from healer.edges.bus import Bus
from healer.edges.bus.postgres import PostgresLine
from healer.edges.bus.redis import RedisLine
from healer.edges.bus.shared import SharedBus
from healer.edges.store import Store
from healer.web.feed import Feed
from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from tests import postgres, redis
from tests.benchmarks.changeover import percentile
from tests.benchmarks.table import Row, machine, show, within

NORMAL, FAST, MOST = 20, 2000, math.inf  # lines a second
STREAMS = (1, 20)
WRITERS = 16  # threads
PATIENCE_SECONDS = 10.0  # for what is late when the writing is over
_ID = re.compile(rb"^id: (\d+)\n", re.MULTILINE)
_STAMP = re.compile(rb'"timestamp": "([^"]+)"')


class Server:
    def __init__(self, database: str, bus: str) -> None:
        self.bus = _bus(database, bus)
        self.bus.start()
        self.store = Store(database, self.bus.notify)
        self.store.migrate()
        self.feed = Feed(self.store.log, self.bus)

    def app(self) -> Starlette:
        routes = [Route("/shared", self.shared), Route("/each", self.each), Route("/write", self.write)]
        return Starlette(routes=routes)

    async def shared(self, _request: Request) -> StreamingResponse:
        return StreamingResponse(self.feed.stream(await self.feed.start_of(None)), media_type="text/event-stream")

    async def each(self, _request: Request) -> StreamingResponse:
        start = await run_in_threadpool(self.store.log.last_id)
        return StreamingResponse(self._reading_itself(start), media_type="text/event-stream")

    async def _reading_itself(self, after: int) -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        with self.bus.subscribe() as news:
            while True:
                news.clear()
                for event in await run_in_threadpool(self.store.log.after, after):
                    after = event.id
                    yield f"id: {event.id}\ndata: {json.dumps(asdict(event))}\n\n"
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), 15)

    async def write(self, request: Request) -> JSONResponse:
        """Write for so many seconds at such a rate; tells what came of it."""
        rate, seconds = float(request.query_params["rate"]), float(request.query_params["seconds"])
        return JSONResponse(await run_in_threadpool(self._write, rate, seconds))

    def _write(self, rate: float, seconds: float) -> dict[str, float]:
        cpu, began = _cpu(), time.monotonic()
        with ThreadPoolExecutor(WRITERS) as pool:
            lines = sum(pool.map(lambda writer: self._lines(writer, rate, began, seconds), range(WRITERS)))
        passed = time.monotonic() - began
        return {"lines": lines, "seconds": passed, "cpu": _cpu() - cpu, "last": self.store.log.last_id()}

    def _lines(self, writer: int, rate: float, began: float, seconds: float) -> int:
        """How many one thread wrote; they take turns."""
        payload = {"new": 1, "count": 1, "release": "a" * 40, "route": "/orders/{number}/returns"}
        number = 0
        while True:
            due, passed = (number * WRITERS + writer) / rate, time.monotonic() - began
            if max(due, passed) >= seconds:
                return number
            if due > passed:
                time.sleep(due - passed)
            number += 1
            self.store.log.append("report.received", "a1b2c3", payload, trace_id="t" * 32, ui_hint="execution")


def _bus(database: str, bus: str) -> Bus:
    if bus.startswith("redis"):
        return SharedBus(lambda: RedisLine(bus))
    return SharedBus(lambda: PostgresLine(database)) if bus == "postgres" else Bus()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@dataclass
class Measured:
    lines: float  # a second that the server got written
    cpu: float  # seconds that the server took for each, to write and to serve it
    late: float  # seconds from the end of the writing to the last line at the last stream
    p50: float  # milliseconds
    p95: float


class _Stream:
    """One that looks on. Only `looks` has it see how old each line is: that takes longer than to serve it."""

    def __init__(self, looks: bool) -> None:
        self.last = 0
        self.ages: list[float] = []
        self._looks = looks

    async def listen(self, port: int, path: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        kept = b""
        try:
            while piece := await reader.read(2**18):
                if self._looks:
                    arrived = time.time()
                    stamps = [datetime.fromisoformat(stamp.decode()) for stamp in _STAMP.findall(piece)]
                    self.ages += [arrived - stamp.timestamp() for stamp in stamps]
                kept = kept[-64:] + piece  # a line may come in two pieces
                if seen := _ID.findall(kept):
                    self.last = int(seen[-1])
        finally:
            writer.close()


async def _measure(port: int, path: str, streams: int, rate: float, length: float, writer: int = 0) -> Measured:
    """`writer`: port of the server that writes, when it is another one than that which serves."""
    listeners = [_Stream(one == 0) for one in range(streams)]
    tasks = [asyncio.create_task(one.listen(port, path)) for one in listeners]
    await asyncio.sleep(0.5)
    said = await asyncio.to_thread(_ask, writer or port, f"/write?rate={rate}&seconds={length}")
    ended = time.monotonic()
    while any(one.last < said["last"] for one in listeners) and time.monotonic() - ended < PATIENCE_SECONDS:
        await asyncio.sleep(0.002)
    late = time.monotonic() - ended
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    ages = [1000 * age for age in listeners[0].ages] or [float("inf")]
    written = said["lines"] / said["seconds"], said["cpu"] / said["lines"]
    return Measured(*written, late, percentile(ages, 0.5), percentile(ages, 0.95))


def _ask(port: int, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(f"http://127.0.0.1:{port}{path}", timeout=600, trust_env=False).json()
    return answer


def _serve(database: str, bus: str) -> None:
    config = uvicorn.Config(Server(database, bus).app(), port=0, log_level="error", timeout_graceful_shutdown=1)
    listening = config.bind_socket()
    listening.listen()  # from here on whoever comes waits until it is served
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(config).run([listening])


@contextmanager
def _server(database: str, bus: str = "") -> Iterator[int]:
    command = [sys.executable, "-m", "tests.benchmarks.events", "--serve", database, "--bus", bus]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.terminate()


def in_one_process(table: Table, seconds: float) -> list[Row]:
    most = STREAMS[-1]
    cases = [(rate, streams, way) for rate in (NORMAL, FAST) for streams in STREAMS for way in ("each", "shared")]
    found: dict[tuple[float, int, str], Measured] = {}
    for rate, streams, way in (*cases, (MOST, most, "shared")):
        with tempfile.TemporaryDirectory() as folder, _server(f"sqlite:///{folder}/healer.db") as port:
            one = asyncio.run(_measure(port, f"/{way}", streams, rate, seconds))
        found[rate, streams, way] = one
        _add(table, rate, streams, "each reads" if way == "each" else "the feed", one)
    shared, each = found[FAST, most, "shared"], found[FAST, most, "each"]
    return [
        within(f"p95 at {NORMAL} lines a second", found[NORMAL, most, "shared"].p95, 20, "ms"),
        *_carried(f"{most} streams", shared),
        within("p95 there, of that where each reads", 100 * shared.p95 / each.p95, 25, "%"),
        _at_least(f"the most lines a second, {most} streams", found[MOST, most, "shared"].lines, 1.5 * FAST),
    ]


def on_postgres(table: Table, seconds: float, database: postgres.Postgres) -> list[Row]:
    with _server(database.database()) as port:
        one = asyncio.run(_measure(port, "/shared", STREAMS[-1], FAST, seconds))
    _add(table, FAST, STREAMS[-1], "on Postgres", one)
    return _carried("on Postgres", one)


def _carried(where: str, one: Measured) -> list[Row]:
    return [
        _at_least(f"lines written of {FAST} a second, {where}", one.lines, 0.98 * FAST),
        within(f"the last line at {FAST} a second, {where}", 1000 * one.late, 500, "ms late"),
    ]


def _at_least(what: str, value: float, aim: float) -> Row:
    return what, f"{value:.0f}", f"≥ {aim:.0f}", value >= aim


def between_two(table: Table, seconds: float, database: postgres.Postgres) -> list[Row]:
    rows = []
    with redis.running() as server:
        for name, bus in (("Postgres", "postgres"), ("Redis", server.url)):
            url = database.database()
            with _server(url, bus) as writer, _server(url, bus) as port:
                one = asyncio.run(_measure(port, "/shared", 1, NORMAL, seconds, writer))
            _add(table, NORMAL, 1, f"by {name}", one)
            rows.append(within(f"p95 from another process by {name}", one.p95, 50, "ms"))
    return rows


def _add(table: Table, rate: float, streams: int, way: str, one: Measured) -> None:
    figures = (
        f"{one.lines:.0f}",
        f"{one.p50:.1f}",
        f"{one.p95:.1f}",
        f"{1000 * one.late:.0f}",
        f"{1000 * one.cpu:.2f}",
    )
    table.add_row("all they can" if rate == MOST else str(rate), str(streams), way, *figures)


def run(seconds: float) -> bool:
    console = Console()
    console.print(machine())
    table = Table("lines a second", "streams", "way", "written", "p50 ms", "p95 ms", "late ms", "CPU ms a line")
    rows = in_one_process(table, seconds)
    with postgres.running() as database:
        rows += on_postgres(table, seconds, database) + between_two(table, seconds, database)
    console.print(table)
    return show(console, rows)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=10.0, help="of writing for each row")
    arguments.add_argument("--serve", metavar="DATABASE", help=argparse.SUPPRESS)
    arguments.add_argument("--bus", default="", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.serve:
        _serve(given.serve, given.bus)
    else:
        sys.exit(0 if run(given.seconds) else 1)
