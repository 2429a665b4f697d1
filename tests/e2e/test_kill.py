"""kill -9 of the healer at any moment of a heal and a release: nothing is lost, nothing happens twice."""

import random
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from healer.cli import samples, stack
from healer.cli.client import Client
from healer.model import HealerError

ROOT = Path(__file__).resolve().parents[2]
BUG = "return-without-policy"


def state(client: Client) -> tuple[str, str]:
    """State and reason of the one incident; empty while nobody answers."""
    try:
        found = client.get("/api/v1/incidents")["incidents"]
    except HealerError:
        return "", ""
    return (found[0]["state"], found[0]["reason"]) if found else ("", "")


def until(client: Client, *states: str) -> None:
    deadline = time.monotonic() + 90
    while (now := state(client))[0] not in states:
        assert time.monotonic() < deadline, f"still {now!r}"
        assert now[0] not in ("declined", "rolled_back", "rejected"), now[1]
        time.sleep(0.02)


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


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_or_done_twice(seed):
    moments = random.Random(seed)
    with stack.running(ROOT) as running:
        client = Client(running.settings)
        sample = samples.load(ROOT / "tests" / "samples", BUG, running.admin_token)
        with httpx.Client(base_url=running.shop_url, timeout=20, trust_env=False) as shop:
            played = samples.play(shop, sample)
            assert played.answer.status_code == 500
            until(client, "open", "diagnosing", "repairing", "proposed")
            for _ in range(2):
                time.sleep(moments.uniform(0, 1.5))
                kill(running)
                stack.start_healer(running)
            until(client, "proposed")
            incident = client.get("/api/v1/incidents")["incidents"][0]
            client.post(f"/api/v1/incidents/{incident['id']}/approve", {})
            for _ in range(2):
                time.sleep(moments.uniform(0, 1.0))
                kill(running)
                stack.start_healer(running)
            until(client, "soaking", "resolved")
        with httpx.Client(base_url=running.shop_url, timeout=20, trust_env=False) as shop:
            assert samples.wrong(samples.send(shop, played.request), sample.wanted) == ""
        whole = until_healed(client, incident["id"])
        assert len(git(running, "branch", "--list", "--format=%(refname:short)", "healer/*")) == 1
        assert len(git(running, "rev-list", "--merges", "main")) == 1
        assert [release["state"] for release in whole["releases"]] == ["soaking"]
        types = [event["type"] for event in whole["events"]]
        for once in ("incident.opened", "proposal.opened", "proposal.merged", "release.live", "incident.healed"):
            assert types.count(once) == 1
        assert [stage["state"] for stage in whole["stages"]] == ["done"] * 8
        ids = [event["id"] for event in whole["events"]]
        assert ids == sorted(set(ids))
