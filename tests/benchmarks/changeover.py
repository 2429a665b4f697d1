"""Measures what clients notice while a service changes its release: failed requests and latency, as JSON.

It does not measure how fast an app can be served: the load is modest and the same on any machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

APP_SERVICE = Path(__file__).resolve().parents[2] / "app-service"
KEPT, FRESH = 8, 4  # clients that keep their connection, and that open one for each request
THINK_SECONDS = 0.008
APP = """
import os

RELEASE = os.environ["SELFHEAL_RELEASE"].encode()

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


@dataclass
class Tally:
    """What the clients saw. A request whose connection ends before its answer is failed: nobody retries here."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    releases: set[str] = field(default_factory=set)


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, close: bool) -> tuple[str, bool]:
    """The body, and whether the connection ends with it. Anything but a whole 200 raises."""
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + (b"Connection: close\r\n\r\n" if close else b"\r\n"))
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if not head.startswith("http/1.1 200 "):
        raise ValueError(head.splitlines()[0])
    length = int(head.split("content-length:", 1)[1].split("\r\n", 1)[0])
    return (await reader.readexactly(length)).decode(), "connection: close" in head


async def _client(port: int, kept: bool, stop: asyncio.Event, tally: Tally) -> None:
    writer: asyncio.StreamWriter | None = None
    while not stop.is_set():
        began = time.perf_counter()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            body, ends = await _request(reader, writer, close=not kept)
            tally.releases.add(body)
            tally.seconds.append(time.perf_counter() - began)
        except (OSError, EOFError, ValueError) as problem:
            tally.failures.append(f"{'kept' if kept else 'fresh'}: {type(problem).__name__}: {problem}")
            ends = True
        if ends and writer is not None:
            writer.close()
            writer = None
        await asyncio.sleep(THINK_SECONDS)
    if writer is not None:
        writer.close()


def _order(control: Path, **order: object) -> dict[str, object]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(60)
        connection.connect(str(control))
        connection.sendall(json.dumps(order).encode() + b"\n")
        with connection.makefile("rb") as lines:
            answer: dict[str, object] = json.loads(lines.readline())
    return answer


def _wait_until_serving(control: Path, process: subprocess.Popen[bytes]) -> int:
    """The port, once the first release is served."""
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            status = _order(control, op="status")
        except OSError:
            status = {}
        if status.get("state") == "serving":
            return int(str(status["address"]).rpartition(":")[2])
        time.sleep(0.05)
    raise RuntimeError("the supervisor did not start")


async def _load(port: int, control: Path, releases: int) -> tuple[Tally, list[float], float]:
    tally, stop = Tally(), asyncio.Event()
    began = time.monotonic()
    clients = [asyncio.create_task(_client(port, number < KEPT, stop, tally)) for number in range(KEPT + FRESH)]
    changes = []
    for number in range(1, releases + 1):
        await asyncio.sleep(0.4)
        answer = await asyncio.to_thread(_order, control, op="change", release=f"release-{number}")
        if not answer["ok"]:
            raise RuntimeError(str(answer["reason"]))
        changes.append(float(str(answer["seconds"])))
    await asyncio.sleep(1.5)  # the last change-over ends only when the old worker's idle connections are closed
    stop.set()
    await asyncio.gather(*clients)
    return tally, changes, time.monotonic() - began


def measure(releases: int = 5) -> dict[str, object]:
    """Changes the release so many times under a mixed load; seconds are of change orders, milliseconds of requests."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        control = root / "control.sock"
        for number in range(releases + 1):
            (root / "releases" / f"release-{number}").mkdir(parents=True)
            (root / "releases" / f"release-{number}" / "measured.py").write_text(APP)
        (root / "releases" / "current").symlink_to("release-0")
        command = [sys.executable, "-m", "selfheal.supervisor", "--app", "measured:app", "--port", "0"]
        command += ["--releases", str(root / "releases"), "--control", str(control), "--access-log", "no"]
        process = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(APP_SERVICE)}, stderr=subprocess.DEVNULL, cwd=root
        )
        try:
            port = _wait_until_serving(control, process)
            tally, changes, took = asyncio.run(_load(port, control, releases))
        finally:
            process.terminate()
            process.wait(30)
    seconds = sorted(tally.seconds)
    return {
        "releases": releases,
        "releases_seen": len(tally.releases),
        "requests": len(seconds) + len(tally.failures),
        "failed": len(tally.failures),
        "failures": sorted(set(tally.failures))[:5],
        "requests_per_second": round(len(seconds) / took),
        "p50_ms": round(statistics.median(seconds) * 1000, 2),
        "p99_ms": round(seconds[int(len(seconds) * 0.99)] * 1000, 2),
        "change_seconds_p50": round(statistics.median(changes), 3),
        "change_seconds_max": max(changes),
    }


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--releases", type=int, default=5)
    print(json.dumps(measure(arguments.parse_args().releases), indent=2))
