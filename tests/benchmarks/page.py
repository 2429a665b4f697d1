"""How long the healer takes to answer the page's questions about thousands of incidents, over HTTP on this machine.

    python -m tests.benchmarks.page [--incidents 10000]

`seed` and `serving` are for whoever measures what a browser makes of the answers.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from healer.edges.store import Store, tables
from healer.edges.store.database import hour_of
from healer.model import State
from healer.settings import load_settings
from rich.console import Console
from sqlalchemy import insert

from tests import children
from tests.benchmarks.changeover import percentile
from tests.benchmarks.table import Row, machine, show, within

AIM, STATISTICS_AIM = 50.0, 300.0  # ms; the page asks for statistics after its first content
SERVICES = ("billing", "catalogue", "search", "accounts")  # that no healer is set up for, so nothing moves them
CRASHES = {
    "none-dereference": ("AttributeError", "'NoneType' object has no attribute '{0}'"),
    "missing-key": ("KeyError", "'{0}'"),
    "zero-division": ("ZeroDivisionError", "division by zero"),
    "bad-number": ("ValueError", "invalid literal for int() with base 10: '{0}'"),
    "unique-violation": ("IntegrityError", "UNIQUE constraint failed: {0}.name"),
}
WORDS = ("order", "customer", "basket", "voucher", "invoice", "address", "parcel", "review")
STATES = {  # state: its share, what became of the proposal
    State.RESOLVED: (55, "merged"),
    State.DECLINED: (20, None),
    State.REJECTED: (8, "rejected"),
    State.ROLLED_BACK: (5, "rolled_back"),
    State.REGRESSED: (2, "rolled_back"),
    State.PROPOSED: (8, "open"),
    State.SOAKING: (2, "merged"),
}


def seed(store: Store, number: int) -> None:
    """Put so many varied incidents of the last thirty days into an empty store: the same ones each time."""
    chance = random.Random(9)
    made = [_Seeded.make(chance, index) for index in range(number)]
    with store._database.writing() as transaction:
        for table, rows in (
            (tables.incidents, [one.incident for one in made]),
            (tables.proposals, [one.proposal for one in made if one.proposal]),
            (tables.occurrences, [row for one in made for row in one.hours]),
        ):
            if rows:
                transaction.run(insert(table), rows)
        for one in made:
            for type, payload in one.events:
                transaction.append(type, one.incident["id"], payload, trace_id="", ui_hint="execution")


@dataclass
class _Seeded:
    incident: dict[str, Any]
    proposal: dict[str, Any] | None
    hours: list[dict[str, Any]]
    events: list[tuple[str, dict[str, Any]]]

    @classmethod
    def make(cls, chance: random.Random, index: int) -> _Seeded:
        now = datetime.now(UTC)
        state = chance.choices(list(STATES), [share for share, _ in STATES.values()])[0]
        outcome = STATES[state][1]
        category = chance.choice(list(CRASHES))
        word, verb = chance.choice(WORDS), chance.choice(("read", "list", "write", "price"))
        kind, message = CRASHES[category]
        opened = now - timedelta(minutes=chance.uniform(5, 30 * 24 * 60))
        seen = opened + (now - opened) * chance.random()
        seconds = chance.uniform(4, 400)
        healed = _stamp(opened + timedelta(seconds=3 * seconds)) if outcome == "merged" else None
        model = chance.random() < 0.3
        origin = "qwen2.5-coder-7b@1a2b3c4d" if model else f"{category}-guard"
        incident = {
            "id": f"{index:012x}",
            "service": chance.choice(SERVICES),
            "fingerprint": f"{index:064x}",
            "state": state.value,
            "reason": "",
            "exception_type": kind,
            "exception_message": message.format(word),
            "fault_file": f"app/{word}s.py",
            "fault_line": chance.randint(5, 400),
            "fault_function": f"{verb}_{word}",
            "route": f"GET /{word}s/{index}",
            "count": int(chance.paretovariate(0.8)),
            "first_seen": _stamp(opened),
            "last_seen": _stamp(seen),
            "trace_id": f"{index:032x}",
            "attempt": 1,
            "diagnosis": _diagnosis(category, word),
            "origin": origin if outcome else None,
            "own": True,
            "category": category,
            "opened_at": _stamp(opened),
            "proposed_at": _stamp(opened + timedelta(seconds=seconds)) if outcome else None,
            "healed_at": healed,
        }
        events = [("incident.opened", {"service": incident["service"], "exception": kind, "message": ""})]
        for before, to in (("open", "diagnosing"), ("diagnosing", "repairing"), ("repairing", state.value)):
            events.append(("incident.state", {"from": before, "to": to, "reason": ""}))
        if healed:
            events.append(("incident.healed", {"seconds": round(3 * seconds, 3), "by": "replay"}))
        return cls(
            incident,
            _proposal(incident, outcome, index, f"{origin} (refuse)" if not model else origin) if outcome else None,
            _hours(chance, incident, now),
            events,
        )


def _diagnosis(category: str, word: str) -> dict[str, Any]:
    site = {"file": f"app/{word}s.py", "line": 7, "function": f"read_{word}", "why": "the line that crashed"}
    return {
        "category": category,
        "cause": f"The {word} is not there when it is asked for.",
        "fault": site,
        "fix_sites": [site],
        "answer": "refuse",
        "confidence": 0.8,
        "risk": 0.1,
    }


def _proposal(incident: dict[str, Any], outcome: str, index: int, approach: str) -> dict[str, Any]:
    return {
        "branch": f"healer/{incident['id']}-1",
        "service": incident["service"],
        "number": index + 1,
        "incident_id": incident["id"],
        "attempt": 1,
        "base": "main",
        "head_sha": "a" * 40,
        "title": f"Answer 404 when the {incident['fault_function'].partition('_')[2]} is missing",
        "body": "What was found, and how it was proved.\n" * 60,
        "diff": "@@ -1,3 +1,5 @@\n context\n+added\n-removed\n" * 60,
        "url": f"http://127.0.0.1/{index}",
        "state": {"open": "open", "rejected": "closed"}.get(outcome, "merged"),
        "created_at": incident["proposed_at"],
        "approach": approach,
        "category": incident["category"],
        "outcome": None if outcome == "open" else outcome,
    }


def _hours(chance: random.Random, incident: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    if chance.random() < 0.5:
        return []
    last = hour_of(_stamp(now))
    hours = chance.sample(range(last - 23, last + 1), chance.randint(1, 12))
    return [{"incident_id": incident["id"], "hour": hour, "count": chance.randint(1, 40)} for hour in hours]


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


@contextmanager
def serving(folder: Path, number: int) -> Iterator[tuple[str, str]]:
    """The address and the operator's token of a healer with so many incidents, and a service that has none."""
    source = folder / "seed"
    source.mkdir()
    (source / "app.py").write_text("x = 1\n")
    config = folder / "healer.toml"
    config.write_text('[services.shop]\nrepository = "shop.git"\nseed = "seed"\nautonomy = "observe"\n')
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {"HEALER_HOME": str(folder / "home"), "HEALER_CONFIG": str(config), "HEALER_PORT": str(port)}
    settings = load_settings(given)
    store = Store(settings.database, audit_key=settings.audit_key.get_secret_value(), audit_head=settings.audit_head)
    store.migrate()
    seed(store, number)
    store.close()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEALER_")}
    with (folder / "healer.log").open("wb") as log:
        command = [sys.executable, "-m", "healer.cli", "serve"]
        process = children.start(command, env={**kept, **given}, stdout=log, stderr=log)
    try:
        _until_ready(settings.base_url)
        yield settings.base_url, settings.operator_token.get_secret_value()
    finally:
        process.terminate()
        process.wait()


def _until_ready(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.get(f"{url}/health/ready", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise SystemExit("the healer does not get ready")
        time.sleep(0.1)


def questions(client: httpx.Client) -> dict[str, str]:
    """What the page asks, by what it is for."""
    third = "/api/v1/incidents"
    for _ in range(2):
        cursor = client.get(third).json()["next"]
        third = f"/api/v1/incidents?cursor={cursor}"
    return {
        "first page": "/api/v1/incidents",
        "third page": third,
        "filtered": "/api/v1/incidents?state=resolved,declined&service=search&category=missing-key",
        "searched": "/api/v1/incidents?q=invoice%20KeyError",
        "searched, nothing found": "/api/v1/incidents?q=nowhere",
        "most often": "/api/v1/incidents?order=count",
        "200 at once": "/api/v1/incidents?limit=200",
        "by the beginning of its id": "/api/v1/incidents?id=0000000001&limit=2",
        "overview": "/api/v1/overview",
        "statistics, 30 days": "/api/v1/statistics",
    }


def measured(client: httpx.Client, path: str, times: int) -> list[float]:
    """Seconds of each answer."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        client.get(path).raise_for_status()
        found.append(time.perf_counter() - started)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=20)
    wanted = parser.parse_args()
    console = Console()
    console.print(machine(), soft_wrap=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="page-") as name, serving(Path(name), wanted.incidents) as (url, token):
        headers = {"authorization": f"Bearer {token}"}
        with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
            for what, path in questions(client).items():
                seconds = measured(client, path, wanted.times)
                aim = STATISTICS_AIM if what.startswith("statistics") else AIM
                rows.append(within(f"{what}, p95", percentile(seconds, 0.95) * 1000, aim, "ms"))
    return 0 if show(console, rows) else 1


if __name__ == "__main__":
    sys.exit(main())
