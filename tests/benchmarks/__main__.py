"""`make bench`: what a user waits for, measured over the real processes, as a table with the machine's description.

Ratios within one run say more than seconds: the same numbers differ by half between two quiet machines.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from healer.cli import samples, stack
from healer.cli.client import Client
from healer.cli.load import Load
from rich.console import Console

from tests.benchmarks import changeover, client
from tests.benchmarks.changeover import percentile
from tests.benchmarks.table import Row, machine, show, within

ROOT = Path(__file__).resolve().parents[2]
REPORTS = 1000
IDLE_SECONDS = 20.0


def heals(running: stack.Stack, operator: Client, say: Callable[[str], None]) -> list[Row]:
    """Every sample that a playbook heals, one after the other on one shop, under a background load."""
    folder = ROOT / "tests" / "samples"
    names = [path.stem for path in sorted(folder.glob("*.json"))]
    found = [
        sample
        for sample in (samples.load(folder, name, running.admin_token) for name in names)
        if sample.healed_by == "playbook"
    ]
    proposed, healed, wrong = [], [], 0
    answered, failures = 0, 0
    events = operator.events()
    with httpx.Client(base_url=running.shop_url, timeout=20, trust_env=False) as shop:
        for sample in found:
            # As in a service that has been up for a while: the tests of what runs have been measured.
            next(event for event in events if event["type"] == "baseline.measured")
            known = {item["id"] for item in operator.get("/api/v1/incidents")["incidents"]}
            started = time.monotonic()
            played = samples.play(shop, sample)
            item = _until(operator, known, ("proposed",))
            proposed.append(time.monotonic() - started)
            load = Load(running.shop_url, ("/health", "/products"))
            load.start()
            started = time.monotonic()
            operator.post(f"/api/v1/incidents/{item['id']}/approve", {})
            _until(operator, known, ("soaking", "resolved"))
            healed.append(time.monotonic() - started)
            load.stop()
            answered, failures = answered + load.answered, failures + len(load.failures)
            wrong += bool(samples.wrong(samples.send(shop, played.request), sample.wanted))
            say(f"{sample.name}: proposal {proposed[-1]:.2f} s, merge to healed {healed[-1]:.2f} s")
    return [
        within(f"crash to proposal, p50 of {len(found)} bugs", statistics.median(proposed), 2, "s"),
        within("merge to healed, p50", statistics.median(healed), 3, "s"),
        within("merge to healed, worst", max(healed), 3, "s"),
        within("wrong answers after healing", wrong, 0, ""),
        within(f"failed requests of {answered} during the releases", failures, 0, ""),
    ]


def _until(operator: Client, known: set[str], states: tuple[str, ...]) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for item in operator.get("/api/v1/incidents")["incidents"]:
            if item["id"] in known:
                continue
            if item["state"] in states:
                return dict(item)
            if item["state"] in ("declined", "rolled_back", "rejected"):
                raise SystemExit(f"{item['title']} is {item['state']}: {item['reason']}")
        time.sleep(0.02)
    raise SystemExit(f"no incident became {states}")


def reports(running: stack.Stack) -> list[Row]:
    document = json.loads((ROOT / "tests" / "contract" / "report.json").read_text())
    key = (running.home / "shop.dsn").read_text().partition("//")[2].partition("@")[0]
    taken = []
    # http.client, as the selfheal client itself: a larger library would be measured along.
    connection = http.client.HTTPConnection(running.healer_url.partition("//")[2])
    for _ in range(REPORTS):
        body = json.dumps({**document, "report_id": uuid.uuid4().hex}).encode()
        started = time.perf_counter()
        connection.request("POST", "/api/v1/reports", body, {"x-selfheal-key": key})
        answer = connection.getresponse()
        answer.read()
        taken.append((time.perf_counter() - started) * 1000)
        assert answer.status == 202, answer.status
    connection.close()
    return [
        within(f"report accepted, p50 of {REPORTS}", statistics.median(taken), 5, "ms"),
        within("report accepted, p99", percentile(taken, 0.99), 50, "ms"),
    ]


def idle(running: stack.Stack) -> list[Row]:
    pid = running.processes["healer"].pid
    time.sleep(3)
    before = _cpu_seconds(pid)
    time.sleep(IDLE_SECONDS)
    share = (_cpu_seconds(pid) - before) / IDLE_SECONDS * 100
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    resident = int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024
    return [within("healer idle, memory", resident, 150, "MB"), within("healer idle, CPU", share, 2, "%")]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def change_overs() -> list[Row]:
    found = changeover.measure()
    return [within(f"failed of {found['requests']} requests over change-overs", found["failed"], 0, "")]


def main() -> int:
    console = Console()
    console.print(machine(), soft_wrap=True)

    def say(text: str) -> None:
        console.print(text, style="dim", soft_wrap=True)

    rows: list[Row] = []
    say("idle healer …")
    with stack.running(ROOT) as running:
        rows += idle(running)
        say("reports …")
        rows += reports(running)
    say("heals …")
    with stack.running(ROOT) as running:
        rows += heals(running, Client(running.settings), say)
    say("change-overs …")
    rows += change_overs()
    say("the client beside sentry-sdk …")
    rows += client.rows(client.measure(say))
    return 0 if show(console, rows) else 1


if __name__ == "__main__":
    sys.exit(main())
