"""Releases that fail only after users got them: the supervisor goes back by itself, and says why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selfheal.supervisor.probation import Probation
from selfheal.supervisor.settings import Settings
from selfheal.supervisor.target import Target

from tests.selfheal.supervisor.supervised_site import Site, until


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two workers, looked at every 0.3 s for nine seconds after each change."""
    site = Site(tmp_path_factory.mktemp("pair"))
    site.add("good")
    site.point("good")
    site.start("--workers", "2", "--drain-seconds", "0.5", "--probation-seconds", "9", "--hang-seconds", "1.5")
    site.serving(workers=2)
    yield site
    assert site.stop() == 0


def _die(site: Site) -> None:
    """Returns when one worker has ended of it."""
    before = site.status()["restarts"]
    site.send("/die")
    until(lambda: site.status()["restarts"] > before, "the end of a worker")


def _dies(site: Site) -> None:
    _die(site)
    _die(site)


def _does_not_come_back(site: Site) -> None:
    (site.releases / "does-not-come-back" / "tiny.py").write_text("import a_module_nobody_has")
    site.send("/die")


def _hangs(site: Site) -> None:
    site.send("/hang")


def test_a_canary_that_fails_is_taken_back_and_the_workers_beside_it_serve_on(pair: Site) -> None:
    assert pair.change(pair.add("canary"), canary=1)["ok"]
    beside = pair.status()["workers"][0]
    until(lambda: _sickened(pair, "canary"), "a connection that the canary gets")
    until(lambda: pair.status()["fell_back"], "the way back")
    status = pair.status()
    reason = "a worker was unhealthy 3 times in a row: GET /health answered 500"
    assert (status["fell_back"], status["canary"]) == ({"release": "canary", "reason": reason}, None)
    assert status["release"] == "good"
    assert status["workers"][0] == beside
    assert [worker["release"] for worker in status["workers"]] == ["good", "good"]


def _sickened(site: Site, release: str) -> bool:
    """Whether a connection led to that release, which then got the request over it."""
    connection = site.send("/")
    with connection.getresponse() as response:
        led = json.loads(response.read())["release"] == release
    if led:
        connection.request("GET", "/sicken")
    return bool(led)


@pytest.mark.parametrize(
    ("name", "fail", "reason"),
    [
        ("dies", _dies, "its workers ended by themselves twice, the last one with status 3"),
        ("does-not-come-back", _does_not_come_back, "could not be started again: release does-not-come-back did not"),
        ("hangs", _hangs, "a worker answered no health request for 1.5 s"),
    ],
)
def test_a_release_that_fails_after_the_change_is_left_for_the_one_before(
    pair: Site, name: str, fail: Callable[[Site], None], reason: str
) -> None:
    assert pair.change(pair.add(name))["ok"]
    fail(pair)
    until(lambda: pair.status()["fell_back"], "the way back")
    status = pair.status()
    assert (status["fell_back"]["release"], status["release"]) == (name, "good")
    assert reason in status["fell_back"]["reason"]
    assert [worker["release"] for worker in status["workers"]] == ["good", "good"]
    assert [pair.get()["release"] for _ in range(5)] == ["good"] * 5
    assert pair.change("good")["ok"]
    assert pair.status()["fell_back"] is None


def test_a_release_that_cannot_be_left_is_restarted(pair: Site) -> None:
    assert pair.change(pair.add("gone"))["ok"]
    assert pair.change(pair.add("kept"))["ok"]
    (pair.releases / "gone" / "tiny.py").unlink()
    _dies(pair)
    pair.serving(workers=2)
    assert (pair.get()["release"], pair.status()["fell_back"]) == ("kept", None)


def test_after_its_probation_a_release_is_restarted_and_what_is_watched_is_watched_on(bare: Site) -> None:
    bare.add("one")
    bare.point("one")
    bare.start("--probation-seconds", "0.1").serving()
    assert bare.change(bare.add("two"), watch=[{"method": "GET", "path": "/carts/*"}])["ok"]
    for _ in range(2):
        _die(bare)
        bare.serving()
    bare.get("/carts/1")
    status = bare.status()
    assert (status["release"], status["fell_back"], status["traffic"]["two"]["watched"]) == ("two", None, 1)


def test_a_release_of_which_nothing_comes_back_up_is_left(tmp_path: Path) -> None:
    async def look() -> tuple[str, str]:
        settings = Settings("tiny:app", tmp_path, tmp_path / "control.sock", hang_seconds=0.05)
        probation = Probation(settings, "two", Target("one", 1))
        probation.begin()
        await probation.look([])
        early = probation.reason
        await asyncio.sleep(0.06)
        await probation.look([])
        return early, probation.reason

    assert asyncio.run(look()) == ("", "none of its workers was up for 0.05 s")
