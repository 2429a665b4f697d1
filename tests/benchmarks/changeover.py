"""Measures what clients notice while a service changes its release: failed requests and latency, as JSON.

It does not measure how fast an app can be served: the load is modest and the same on any machine. The standard library
is enough for it; the client, the app and the supervisor here also serve the comparison with other servers in releases.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

APP_SERVICE = Path(__file__).resolve().parents[2] / "app-service"
KEPT, FRESH = 8, 4  # clients that keep their connection, and that open one for each request
THINK_SECONDS = 0.008
APP = """
import pathlib

RELEASE = pathlib.Path(__file__).resolve().parent.name.encode()

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": kind + ".complete"})
            if kind == "lifespan.shutdown":
                return
    await receive()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(RELEASE))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": RELEASE})
"""


@dataclass(frozen=True)
class Answer:
    began: float  # time.perf_counter
    seconds: float
    release: str


@dataclass
class Tally:
    """What the clients saw. A request whose connection ends before its answer is failed: nobody retries here.

    A kept connection that is seen to be closed before the next request is opened anew, as any client library does.
    """

    answers: list[Answer] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    cut: int = 0  # connections found closed although no answer had announced it

    @property
    def requests(self) -> int:
        return len(self.answers) + len(self.failures)


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, close: bool) -> tuple[str, bool]:
    """The body, and whether the connection ends with it. Anything but a whole 200 raises."""
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + (b"Connection: close\r\n\r\n" if close else b"\r\n"))
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if not head.startswith("http/1.1 200 "):
        raise ValueError(head.splitlines()[0])
    length = int(head.split("content-length:", 1)[1].split("\r\n", 1)[0])
    return (await reader.readexactly(length)).decode(), "connection: close" in head


async def _client(port: int, kept: bool, think: Iterator[float], stop: asyncio.Event, tally: Tally) -> None:
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    while not stop.is_set():
        if connection is not None and (connection[0].at_eof() or connection[0].exception() is not None):
            tally.cut += 1
            connection[1].close()
            connection = None
        began = time.perf_counter()
        try:
            if connection is None:
                connection = await asyncio.open_connection("127.0.0.1", port)
            release, ends = await _request(*connection, close=not kept)
            tally.answers.append(Answer(began, time.perf_counter() - began, release))
        except (OSError, EOFError, ValueError) as problem:
            tally.failures.append(f"{'kept' if kept else 'fresh'}: {type(problem).__name__}: {problem}")
            ends = True
        if ends and connection is not None:
            connection[1].close()
            connection = None
        await asyncio.sleep(next(think))
    if connection is not None:
        connection[1].close()


def _pauses(seed: int, think: float) -> Iterator[float]:
    """Uneven, else the clients fall into step and queue behind each other: a latency of their own making."""
    uneven = random.Random(seed)
    while True:
        yield think * uneven.uniform(0.5, 1.5)


async def under_load(port: int, act: Callable[[Tally], Awaitable[None]], think: float = THINK_SECONDS) -> Tally:
    """What the clients saw from before `act` until its end; each pauses `think` seconds between two requests."""
    tally, stop = Tally(), asyncio.Event()
    clients = [
        asyncio.create_task(_client(port, number < KEPT, _pauses(number, think), stop, tally))
        for number in range(KEPT + FRESH)
    ]
    try:
        await act(tally)
    finally:
        stop.set()
        await asyncio.gather(*clients)
    return tally


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def order(control: Path, **words: object) -> dict[str, object]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(60)
        connection.connect(str(control))
        connection.sendall(json.dumps(words).encode() + b"\n")
        with connection.makefile("rb") as lines:
            answer: dict[str, object] = json.loads(lines.readline())
    return answer


def _wait_until_serving(control: Path, process: subprocess.Popen[bytes]) -> int:
    """The port, once the first release is served."""
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            status = order(control, op="status")
        except OSError:
            status = {}
        if status.get("state") == "serving":
            return int(str(status["address"]).rpartition(":")[2])
        time.sleep(0.05)
    raise RuntimeError("the supervisor did not start")


@contextmanager
def supervised(releases: Path, *flags: str) -> Iterator[tuple[int, Path]]:
    """Port and control socket of a supervisor that serves the app of each release folder."""
    control = releases.with_name("control.sock")
    command = [sys.executable, "-m", "selfheal.supervisor", "--app", "measured:app", "--port", "0", *flags]
    command += ["--releases", str(releases), "--control", str(control), "--access-log", "no"]
    environment = {**os.environ, "PYTHONPATH": str(APP_SERVICE)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, cwd=releases.parent)
    try:
        yield _wait_until_serving(control, process), control
    finally:
        process.terminate()
        process.wait(30)


def lay_out(releases: Path, names: list[str], app: str = APP) -> None:
    """A folder for each release, the first one current."""
    for name in names:
        (releases / name).mkdir(parents=True)
        (releases / name / "measured.py").write_text(app)
    (releases / "current").symlink_to(names[0])


def measure(releases: int = 5) -> dict[str, object]:
    """Changes the release so many times under a mixed load; seconds are of change orders, milliseconds of requests."""
    changes: list[float] = []

    async def change(_tally: Tally) -> None:
        for name in names[1:]:
            await asyncio.sleep(0.4)
            answer = await asyncio.to_thread(order, control, op="change", release=name)
            if not answer["ok"]:
                raise RuntimeError(str(answer["reason"]))
            changes.append(float(str(answer["seconds"])))
        await asyncio.sleep(1.5)  # the last change-over ends only when the old worker's idle connections are closed

    names = [f"release-{number}" for number in range(releases + 1)]
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory) / "releases"
        lay_out(folder, names)
        with supervised(folder) as (port, control):
            began = time.monotonic()
            tally = asyncio.run(under_load(port, change))
            took = time.monotonic() - began
    seconds = [answer.seconds for answer in tally.answers]
    return {
        "releases": releases,
        "releases_seen": len({answer.release for answer in tally.answers}),
        "requests": tally.requests,
        "failed": len(tally.failures),
        "failures": sorted(set(tally.failures))[:5],
        "cut": tally.cut,
        "requests_per_second": round(len(seconds) / took),
        "p50_ms": round(statistics.median(seconds) * 1000, 2),
        "p99_ms": round(percentile(seconds, 0.99) * 1000, 2),
        "change_seconds_p50": round(statistics.median(changes), 3),
        "change_seconds_max": max(changes),
    }


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--releases", type=int, default=5)
    print(json.dumps(measure(arguments.parse_args().releases), indent=2))
