"""Releases and rollbacks in containers: users on kept and on new connections notice none of them."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
import pytest
from healer.cli import samples
from healer.cli.load import Load

from tests.compose.conftest import ROOT, Stack, wait

pytestmark = pytest.mark.compose

BUGS = ("removed-cart-line", "page-of-no-size")
# HEALER_URL names the port that is published on this machine, which is another one in the container.
INSIDE = ("exec", "-T", "-e", "HEALER_URL=http://127.0.0.1:8001", "healer-service")
RELEASES = "/api/v1/services/shop/releases"


def _serving(healer: httpx.Client) -> dict[str, Any]:
    serving: dict[str, Any] = healer.get(RELEASES).raise_for_status().json()["serving"]
    return serving


def _served(healer: httpx.Client, commit: str) -> bool | None:
    serving = _serving(healer)
    return (serving["release"] == commit and serving["state"] == "serving") or None


def _newest(healer: httpx.Client, known: set[str], state: str) -> dict[str, Any] | None:
    """The incident that is not known, once it is in a state."""
    for incident in healer.get("/api/v1/incidents").raise_for_status().json()["incidents"]:
        if incident["id"] not in known:
            assert incident["state"] not in ("declined", "rolled_back", "regressed"), incident["reason"]
            return dict(incident) if incident["state"] == state else None
    return None


def _released(stack: Stack, healer: httpx.Client, bug: str) -> str:
    """The release that heals a bug."""
    known = {incident["id"] for incident in healer.get("/api/v1/incidents").raise_for_status().json()["incidents"]}
    with stack.shop() as shop:
        assert samples.play(shop, samples.load(ROOT / "tests" / "samples", bug)).answer.status_code == 500
    proposed = wait("a proposal", lambda: _newest(healer, known, "proposed"))
    healer.post(f"/api/v1/incidents/{proposed['id']}/approve", json={}).raise_for_status()
    wait("the release", lambda: _newest(healer, known, "resolved"))
    release: str = _serving(healer)["release"]
    return release


def test_no_request_fails_over_releases_and_rollbacks(stack: Stack) -> None:
    load = Load(stack.url("APP_PORT"), ("/health", "/products", "/categories"))
    load.start()
    try:
        with stack.healer() as healer:
            served = [_serving(healer)["release"], *(_released(stack, healer, bug) for bug in BUGS)]
            assert len(set(served)) == len(served)
            for commit in (served[1], served[2], served[0]):
                stack.compose(
                    *INSIDE, "healer", "rollback", "shop", "--to", commit[:10], "--reason", "the test wants it"
                )
                wait(f"{commit[:10]} to be served", partial(_served, healer, commit))
            rows = healer.get(RELEASES).raise_for_status().json()["releases"]
            assert {row["state"] for row in rows if row["commit"] in served[1:]} == {"rolled_back"}
    finally:
        load.stop()
    assert load.answered > 0
    assert load.failures == []
