"""kill -9 of the healer at any moment of a heal and a release: nothing is lost, nothing happens twice."""

import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from healer.cli import samples, stack
from healer.cli.client import Client
from healer.model import HealerError

from tests.e2e.releasing_shop import run_few_tests

pytestmark = pytest.mark.xdist_group("one stack for all kills")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def running() -> Iterator[stack.Stack]:
    with stack.running(ROOT) as made:
        run_few_tests(made)
        yield made


def newest(client: Client, known: int) -> dict[str, Any]:
    """The one incident beside those that were known before; empty while there is none, or nobody answers."""
    try:
        found = client.get("/api/v1/incidents")["incidents"]
    except HealerError:
        return {}
    assert len(found) <= known + 1
    return max(found, key=lambda incident: incident["first_seen"]) if len(found) > known else {}


def until(client: Client, known: int, *states: str) -> str:
    """Its id, once it is in one of the states."""
    deadline = time.monotonic() + 90
    while (now := newest(client, known)).get("state") not in states:
        assert time.monotonic() < deadline, f"still {now!r}"
        assert now.get("state") not in ("declined", "rolled_back", "rejected"), now["reason"]
        time.sleep(0.02)
    return str(now["id"])


def kill(running: stack.Stack) -> None:
    running.processes["healer"].kill()
    running.processes["healer"].wait()


def git(running: stack.Stack, *words: str) -> list[str]:
    command = ["git", "-C", str(running.home / "shop.git"), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def until_healed(client: Client, incident_id: str) -> dict[str, Any]:
    """The request was answered just now; the healer asks the supervisor for such requests once a second."""
    deadline = time.monotonic() + 30
    while True:
        incident: dict[str, Any] = client.get(f"/api/v1/incidents/{incident_id}")
        if any(event["type"] == "incident.healed" for event in incident["events"]):
            return incident
        assert time.monotonic() < deadline, "nobody noticed that it is healed"
        time.sleep(0.1)


@pytest.mark.parametrize(("seed", "bug"), [(1, "return-without-policy"), (2, "page-of-no-size")])
def test_nothing_is_lost_or_done_twice(running, seed, bug):
    moments = random.Random(seed)
    client = Client(running.settings)
    sample = samples.load(ROOT / "tests" / "samples", bug, running.admin_token)
    known = len(client.get("/api/v1/incidents")["incidents"])  # each of them merged once
    with httpx.Client(base_url=running.shop_url, timeout=20, trust_env=False) as shop:
        played = samples.play(shop, sample)
        assert played.answer.status_code == 500
        until(client, known, "open", "diagnosing", "repairing", "proposed")
        for _ in range(2):
            time.sleep(moments.uniform(0, 1.5))
            kill(running)
            stack.start_healer(running)
        incident = until(client, known, "proposed")
        client.post(f"/api/v1/incidents/{incident}/approve", {})
        for _ in range(2):
            time.sleep(moments.uniform(0, 1.0))
            kill(running)
            stack.start_healer(running)
        until(client, known, "soaking", "resolved")
    with httpx.Client(base_url=running.shop_url, timeout=20, trust_env=False) as shop:
        assert samples.wrong(samples.send(shop, played.request), sample.wanted) == ""
    whole = until_healed(client, incident)
    assert len(git(running, "branch", "--list", "--format=%(refname:short)", f"healer/{incident}-*")) == 1
    assert len(git(running, "rev-list", "--merges", "main")) == known + 1
    assert [release["state"] for release in whole["releases"]] == ["soaking"]
    types = [event["type"] for event in whole["events"]]
    for once in ("incident.opened", "proposal.opened", "proposal.merged", "release.live", "incident.healed"):
        assert types.count(once) == 1
    assert [stage["state"] for stage in whole["stages"]] == ["done"] * 8
    ids = [event["id"] for event in whole["events"]]
    assert ids == sorted(set(ids))
