"""Two healers on one Postgres: one does the work, the other one serves the page and takes over when that is gone."""

from __future__ import annotations

import copy
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from healer.pipeline.standby import STATUS
from sqlalchemy import create_engine, text

from tests.healer.site import SERVICE, Site
from tests.postgres import Postgres

# Reproducing a crash there takes longer than a healer that is told to stop waits for what it does.
SLOW = """

@app.get("/slow/{name}")
def slow(name: str):
    import time

    time.sleep(15)
    return {"left": STOCK[name]}
"""


def beside(site: Site) -> Site:
    """Another healer with the same settings, on a port of its own."""
    other = copy.copy(site)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other.port = probe.getsockname()[1]
    other._environment = {**site._environment, "HEALER_PORT": str(other.port)}
    other._start()
    other.http = httpx.Client(base_url=f"http://127.0.0.1:{other.port}", timeout=30, trust_env=False)
    other.http.headers.update(site.http.headers)
    return other


@pytest.fixture
def pair(tmp_path: Path, postgres: Postgres) -> Iterator[tuple[Site, Site]]:
    settings = {"HEALER_DATABASE_URL": postgres.database(), "HEALER_BUS": "postgres"}
    first = Site(tmp_path, SERVICE + SLOW, **settings)
    try:
        second = beside(first)
        try:
            second.wait(second._ready)
            yield first, second
        finally:
            second.close()
    finally:
        first.close()


class Listener:
    """What one healer's event stream says."""

    def __init__(self, site: Site) -> None:
        self.events: list[dict[str, object]] = []
        self._http = httpx.Client(base_url=site.http.base_url, headers=site.http.headers, timeout=None, trust_env=False)
        self.ended_well = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            with self._http.stream("GET", "/api/v1/events?after=0") as answer:
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        self.events.append(json.loads(line.removeprefix("data: ")))
            self.ended_well = True
        except httpx.HTTPError:
            return  # the healer went without a word

    def ids(self) -> list[object]:
        return [event["id"] for event in self.events]

    def join(self) -> None:
        self._thread.join(10)


def test_one_works_the_other_serves_and_takes_over(pair: tuple[Site, Site]):
    first, second = pair
    listening = Listener(second)
    # What one takes in, the other one heals; what is done there is seen here.
    incident_id = second.report()
    first.until(incident_id, "proposed")
    first.wait(lambda: listening.events and listening.ids()[-1] == last_id(first))
    assert listening.ids() == list(range(1, len(listening.events) + 1))
    refused = second.http.post(f"/api/v1/incidents/{incident_id}/approve", json={})
    assert refused.status_code == 409 and f"http://127.0.0.1:{first.port}" in refused.json()["detail"]
    assert [site.http.get("/health/work").status_code for site in pair] == [200, 503]
    # A heal that is killed in its middle goes on in the other one.
    other_id = second.report(2, path="/stock/cup", exception={"type": "ValueError", "message": "x", "bases": []})
    first.wait(lambda: first.incident(other_id)["state"] != "open")
    first._process.kill()
    second.wait(lambda: second.http.get("/health/work").is_success)
    second.until(other_id, "proposed", "declined")
    second.act(incident_id, "approve")
    second.until(incident_id, "soaking", "resolved")
    assert whole(second)
    # One that is told to stop gives the work up only by its end, however long a step of it would still take.
    third = beside(second)
    try:
        third.wait(third._ready)
        line = (SERVICE + SLOW).splitlines().index('    return {"left": STOCK[name]}', SERVICE.count("\n")) + 1
        frame = {"file": "app.py", "line": line, "function": "slow", "in_app": True, "source": "", "locals": {}}
        slow_id = third.report(3, path="/slow/mug", frames=[frame])
        second.wait(lambda: [one["stage"] for one in second.incident(slow_id)["stages"]][-1:] == ["reproduce"])
        second._process.terminate()
        third.wait(lambda: third.http.get("/health/work").is_success)
        assert second._process.wait(timeout=1) == 0
        # One whose turn comes when the tables are of a newer version does not go on with them.
        fourth = beside(third)
        try:
            fourth.wait(fourth._ready)
            with create_engine(third._environment["HEALER_DATABASE_URL"]).begin() as connection:
                connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            third._process.kill()
            assert fourth._process.wait(timeout=20) == STATUS
        finally:
            fourth.close()
    finally:
        third.close()
    # Whoever listens is let go at once, not held until the end of a patience.
    listening.join()
    assert listening.ended_well and listening.ids() == list(range(1, len(listening.events) + 1))


def last_id(site: Site) -> object:
    return site.http.get("/api/v1/audit/events?limit=1").json()["events"][0]["id"]


def whole(site: Site) -> object:
    return site.http.post("/api/v1/audit/verify").json()["whole"]
