"""Releases and rollbacks under load: this project's supervisor beside gunicorn's and uvicorn's own reload.

Each way serves the same app with two processes to the same clients, some on kept connections, some on new ones. The
clients and the servers share the machine's cores, so only what was measured in one run may be compared.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tests.benchmarks.changeover import APP, Tally, lay_out, order, percentile, supervised, under_load
from tests.benchmarks.table import Row, machine, show, within

WORKERS = 2
THINK_SECONDS = 0.02  # about 500 requests a second: the cores are busy with the change-overs, not with the load
BETWEEN_SECONDS = 1.5  # after a change-over and before the next one: the base line
AFTER_SECONDS = 1.0  # what still counts as during: the old workers are being drained
ARRIVED_SECONDS = 0.3  # a reload by signal is over when for so long only the new release answered
PATIENCE_SECONDS = 15.0
# A real service takes its time to be imported, on the same cores as those that serve.
WEIGHT = "import fastapi\nimport sqlalchemy.orm\n"
WSGI_APP = """
import pathlib

RELEASE = pathlib.Path(__file__).resolve().parent.name.encode()

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(RELEASE)))])
    return [RELEASE]
"""

Change = Callable[[str, Tally], Awaitable[None]]


@dataclass(frozen=True)
class Way:
    """A way to change releases: `serve` gives the port and how to change."""

    name: str
    app: str
    serve: Callable[[Path], contextlib.AbstractContextManager[tuple[int, Change]]]


@dataclass
class Measured:
    name: str
    tally: Tally = field(default_factory=Tally)
    changes: list[tuple[float, float]] = field(default_factory=list)  # when it was ordered, when it was over

    def seconds(self, during: bool) -> list[float]:
        """Of the answers that began during a change-over and until the old workers may be gone, or outside of one."""
        return [answer.seconds for answer in self.tally.answers if self._is_during(answer.began) == during]

    def _is_during(self, moment: float) -> bool:
        return any(began <= moment <= ended + AFTER_SECONDS for began, ended in self.changes)

    def summary(self) -> dict[str, object]:
        base, during = percentile(self.seconds(False), 0.99), percentile(self.seconds(True), 0.99)
        taken = [ended - began for began, ended in self.changes]
        return {
            "way": self.name,
            "changes": len(self.changes),
            "requests": self.tally.requests,
            "failed": len(self.tally.failures),
            "failures": sorted(set(self.tally.failures))[:5],
            "cut": self.tally.cut,
            "p50_base_ms": round(statistics.median(self.seconds(False)) * 1000, 2),
            "p50_during_ms": round(statistics.median(self.seconds(True)) * 1000, 2),
            "p99_base_ms": round(base * 1000, 2),
            "p99_during_ms": round(during * 1000, 2),
            "ratio": round(during / base, 2),
            "change_seconds_p50": round(statistics.median(taken), 2),
            "change_seconds_max": round(max(taken), 2),
        }


def sequence(releases: int, rollbacks: int) -> list[str]:
    """Names in the order in which they are served: every now and then back to the one before."""
    steps, every = [], max(releases // max(rollbacks, 1), 1)
    for number in range(1, releases + 1):
        steps.append(f"release-{number}")
        if number % every == 0 and number // every <= rollbacks:
            steps.append(f"release-{number - 1}")
    return steps


async def _arrived(release: str, tally: Tally) -> None:
    """Until only the new release answers, or until patience ends: then the clients' figures say what happened."""
    end = time.perf_counter() + PATIENCE_SECONDS
    while time.perf_counter() < end:
        recent = [answer for answer in tally.answers[-2000:] if answer.began > time.perf_counter() - ARRIVED_SECONDS]
        if recent and all(answer.release == release for answer in recent):
            return
        await asyncio.sleep(0.02)


@contextmanager
def _own(releases: Path) -> Iterator[tuple[int, Change]]:
    with supervised(releases, "--workers", str(WORKERS)) as (port, control):

        async def change(release: str, _tally: Tally) -> None:
            answer = await asyncio.to_thread(order, control, op="change", release=release)
            if not answer["ok"]:
                raise RuntimeError(str(answer["reason"]))

        yield port, change


@contextmanager
def _by_signal(words: list[str], releases: Path) -> Iterator[tuple[int, Change]]:
    """A server that imports from `current` and reloads at SIGHUP; {port} and {count} are filled in."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    command = [word.format(port=port, count=WORKERS) for word in words]
    environment = {**os.environ, "PYTHONPATH": str(releases / "current")}
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=environment,
        cwd=releases.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    async def change(release: str, tally: Tally) -> None:
        draft = releases / ".current"
        draft.symlink_to(release)
        draft.replace(releases / "current")
        process.send_signal(signal.SIGHUP)
        await _arrived(release, tally)

    try:
        _wait_until_answering(port)
        yield port, change
    finally:
        process.terminate()
        process.wait(60)


def _wait_until_answering(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        connection.close()
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers on port {port}")


_GUNICORN = ["gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "{count}", "--no-control-socket", "measured:app"]
_UVICORN = ["uvicorn", "measured:app", "--port", "{port}", "--workers", "{count}", "--no-access-log"]
WAYS = (
    Way("this supervisor", APP, _own),
    Way(
        "gunicorn HUP, uvicorn's workers", APP, partial(_by_signal, [*_GUNICORN, "-k", "uvicorn_worker.UvicornWorker"])
    ),
    Way("gunicorn HUP, its own threads", WSGI_APP, partial(_by_signal, [*_GUNICORN, "--threads", "8"])),
    Way("uvicorn HUP", APP, partial(_by_signal, _UVICORN)),
)


def measure(way: Way, releases: int, rollbacks: int) -> Measured:
    measured = Measured(way.name)
    steps = sequence(releases, rollbacks)

    async def act(tally: Tally) -> None:
        for release in steps:
            await asyncio.sleep(BETWEEN_SECONDS)
            began = time.perf_counter()
            await change(release, tally)
            measured.changes.append((began, time.perf_counter()))
            await asyncio.sleep(AFTER_SECONDS)

    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory) / "releases"
        lay_out(folder, [f"release-{number}" for number in range(releases + 1)], WEIGHT + way.app)
        with way.serve(folder) as (port, change):
            measured.tally = asyncio.run(under_load(port, act, THINK_SECONDS))
    return measured


LEGEND = (
    "asked: requests; cut: kept connections cut without notice; p99: ms between change-overs, during them, and the "
    "ratio; p50, max: seconds of a change-over"
)
COLUMNS = {  # of the table, which is to fit into 80 characters
    "way": "way",
    "requests": "asked",
    "failed": "failed",
    "cut": "cut",
    "p99_base_ms": "p99",
    "p99_during_ms": "during",
    "ratio": "ratio",
    "change_seconds_p50": "p50",
    "change_seconds_max": "max",
}


def table(found: list[dict[str, object]]) -> Table:
    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, caption=LEGEND, caption_justify="left")
    for name, header in COLUMNS.items():
        drawn.add_column(header, justify="left" if name == "way" else "right", no_wrap=name != "way")
    for row in found:
        drawn.add_row(*(str(row[name]) for name in COLUMNS))
    return drawn


def aims(own: dict[str, object]) -> list[Row]:
    requests, ratio = int(str(own["requests"])), float(str(own["ratio"]))
    return [
        within(f"failed of {requests} requests", int(str(own["failed"])), 0, ""),
        within("kept connections cut without notice", int(str(own["cut"])), 0, ""),
        within("p99 during change-overs by p99 between them", ratio, 2, "times"),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--releases", type=int, default=20)
    parser.add_argument("--rollbacks", type=int, default=10)
    parser.add_argument("--only", choices=[way.name for way in WAYS], action="append", help="measure only this way")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    console = Console()
    console.print(machine(), soft_wrap=True)
    found = []
    for way in WAYS:
        if not given.only or way.name in given.only:
            found.append(measure(way, given.releases, given.rollbacks).summary())
            console.print(json.dumps(found[-1]), style="dim", soft_wrap=True)
    console.print(table(found))
    if given.json:
        given.json.write_text(json.dumps({"machine": machine(), "ways": found}, indent=2) + "\n")
    return 0 if all(show(console, aims(row)) for row in found if row["way"] == WAYS[0].name) else 1


if __name__ == "__main__":
    sys.exit(main())
