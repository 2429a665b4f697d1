"""One running stack in which every bug of the shop that a playbook heals is met, proposed, merged and released."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from healer.cli import samples, stack
from healer.cli.client import Client

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "tests" / "samples").glob("*.json"))
HEALED = [path.stem for path in SAMPLES if json.loads(path.read_text())["healed_by"] == "playbook"]
ENDS = ("declined", "rejected", "rolled_back", "regressed")


@pytest.fixture(scope="module")
def running() -> Iterator[stack.Stack]:
    with stack.running(ROOT) as made:
        yield made


def until(client: Client, incident_id: str, *states: str) -> dict[str, Any]:
    deadline = time.monotonic() + 90
    while True:
        incident: dict[str, Any] = client.get(f"/api/v1/incidents/{incident_id}")
        if incident["state"] in states:
            return incident
        refused = [f"{verdict['origin']}: {verdict['reason']}" for verdict in incident["verdicts"]]
        assert incident["state"] not in ENDS, "\n".join([incident["reason"], *refused])
        assert time.monotonic() < deadline, incident["state"]
        time.sleep(0.05)


def known(client: Client) -> set[str]:
    return {incident["id"] for incident in client.get("/api/v1/incidents")["incidents"]}


def test_enough_bugs_are_healed_without_a_model() -> None:
    assert len(HEALED) >= 6
    assert "return-without-policy" in HEALED


@pytest.mark.xdist_group("one stack for all bugs")
@pytest.mark.parametrize("bug", HEALED)
def test_a_bug_is_healed(running: stack.Stack, bug: str) -> None:
    client = Client(running.settings)
    sample = samples.load(ROOT / "tests" / "samples", bug, running.admin_token)
    before = known(client)
    with httpx.Client(base_url=running.shop_url, timeout=20, trust_env=False) as shop:
        played = samples.play(shop, sample)
        assert played.answer.status_code == 500
        deadline = time.monotonic() + 20
        while not (new := known(client) - before):
            assert time.monotonic() < deadline, "no report came"
            time.sleep(0.05)
        assert len(new) == 1
        incident = until(client, new.pop(), "proposed")
        chosen = next(verdict for verdict in incident["verdicts"] if verdict["chosen"])
        assert chosen["evidence"]["before"]["status"] == 500
        client.post(f"/api/v1/incidents/{incident['id']}/approve", {})
        until(client, incident["id"], "soaking", "resolved")
        assert samples.wrong(samples.send(shop, played.request), sample.wanted) == ""
        for neighbour in sample.also:
            answer = samples.send(shop, samples.filled(neighbour["request"], played.saved))
            assert samples.wrong(answer, samples.filled(neighbour["wanted"], played.saved)) == ""
