"""The loop in containers: a real crash, the proposal, the approval, the new release, and nobody else noticed."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import httpx
import pytest
from healer.cli import samples
from healer.cli.load import Load

from tests.compose.conftest import ROOT, Stack, answers, wait

pytestmark = pytest.mark.compose

_ENDS = ("declined", "rejected", "rolled_back", "regressed")


def _incident(healer: httpx.Client, *states: str) -> dict[str, Any] | None:
    """The only incident, once it is in one of the states; fails when it ended otherwise."""
    incidents = healer.get("/api/v1/incidents").raise_for_status().json()["incidents"]
    if not incidents:
        return None
    whole: dict[str, Any] = healer.get(f"/api/v1/incidents/{incidents[0]['id']}").raise_for_status().json()
    refusals = [f"{verdict['origin']}: {verdict['reason']}" for verdict in whole["verdicts"]]
    assert whole["state"] in states or whole["state"] not in _ENDS, "\n".join([whole["reason"], *refusals])
    return whole if whole["state"] in states else None


def test_a_crash_is_healed(stack: Stack) -> None:
    sample = samples.load(ROOT / "tests" / "samples", "return-without-policy")
    load = Load(stack.url("APP_PORT"), ("/health", "/products", "/categories"))
    load.start()
    try:
        with stack.shop() as shop, stack.healer() as healer:
            played = samples.play(shop, sample)
            assert played.answer.status_code == 500

            proposed = wait("a proposal", lambda: _incident(healer, "proposed"))
            chosen = next(verdict for verdict in proposed["verdicts"] if verdict["chosen"])
            assert chosen["evidence"]["before"]["status"] == 500
            assert {"network", "files", "limits"} <= set(chosen["evidence"]["isolation"])

            healer.post(f"/api/v1/incidents/{proposed['id']}/approve", json={"reason": "reads well"}).raise_for_status()
            healed = wait("healing", lambda: _incident(healer, "resolved"))
            assert healed["releases"][0]["state"] in ("soaking", "live")
            assert samples.wrong(samples.send(shop, played.request), sample.wanted) == ""
            for neighbour in sample.also:
                answer = samples.send(shop, samples.filled(neighbour["request"], played.saved))
                assert samples.wrong(answer, samples.filled(neighbour["wanted"], played.saved)) == ""
    finally:
        load.stop()
    assert load.answered > 0
    assert load.failures == []


def test_all_is_kept_when_the_containers_are_replaced(stack: Stack) -> None:
    with stack.healer() as healer:
        before = [item["id"] for item in healer.get("/api/v1/incidents").json()["incidents"]]
    with stack.shop() as shop:
        products = shop.get("/products").json()
    stack.compose("down")
    stack.compose("up", "-d", seconds=300)
    wait("the shop", lambda: answers(stack.url("APP_PORT") + "/health"))
    with stack.healer() as healer:
        assert [item["id"] for item in healer.get("/api/v1/incidents").json()["incidents"]] == before
    with stack.shop() as shop:
        assert shop.get("/products").json() == products


def _containers(stack: Stack) -> list[dict[str, Any]]:
    ids = stack.compose("ps", "-q").split()
    inspected = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(inspected.stdout)
    return found


def test_nothing_is_published_beyond_this_machine(stack: Stack) -> None:
    published = [
        binding
        for container in _containers(stack)
        for bindings in container["NetworkSettings"]["Ports"].values()
        for binding in bindings or ()
    ]
    assert len(published) == 3
    assert {binding["HostIp"] for binding in published} == {"127.0.0.1"}


def test_every_container_is_confined(stack: Stack) -> None:
    containers = {item["Config"]["Labels"]["com.docker.compose.service"]: item for item in _containers(stack)}
    assert sorted(containers) == ["app-service", "healer-service", "llm-service", "sandbox"]
    for name, container in containers.items():
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        assert host["PidsLimit"] > 0, name
        if name == "llm-service":  # steps down by itself, as its own test shows
            assert host["CapAdd"] == ["SETUID", "SETGID"]
        else:
            assert container["Config"]["User"] == "10001:10001", name
        assert not any("docker.sock" in mount["Source"] for mount in container["Mounts"]), name
    sandbox = containers["sandbox"]
    assert sandbox["HostConfig"]["NetworkMode"] == "none"
    assert [mount["Destination"] for mount in sandbox["Mounts"]] == ["/run/sandbox"]
