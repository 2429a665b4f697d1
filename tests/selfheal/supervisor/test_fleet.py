"""Several workers of one service: changes as a whole, a canary's share, what is counted, a release's own packages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from selfheal.supervisor.releases import packages_of

from tests.benchmarks.changeover import Tally, lay_out, order, supervised, under_load
from tests.selfheal.supervisor.supervised_site import APP, Site, alive, until

ONE_AT_A_TIME = """
open("taken", "x")
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two workers for the tests that leave them serving."""
    site = Site(tmp_path_factory.mktemp("pair"))
    site.add("first")
    site.point("first")
    site.start("--workers", "2", "--drain-seconds", "1").serving(workers=2)
    yield site
    assert site.stop() == 0


def _served(site: Site) -> list[str]:
    return [worker["release"] for worker in site.status()["workers"]]


def _pids(site: Site) -> set[int]:
    return {worker["pid"] for worker in site.status()["workers"]}


def test_no_request_fails_over_changes_and_canaries_of_two_workers_under_load(tmp_path: Path) -> None:
    names = ["zero", "one", "two"]
    lay_out(tmp_path / "releases", names)
    with supervised(tmp_path / "releases", "--workers", "2") as (port, control):

        async def act(_tally: Tally) -> None:
            for release, share in (("one", 1), ("zero", None), ("two", None)):
                answer = await asyncio.to_thread(order, control, op="change", release=release, canary=share)
                assert answer["ok"], answer
                await asyncio.sleep(0.3)
            await asyncio.sleep(1.2)  # the last worker ends only when its idle connections are closed

        tally = asyncio.run(under_load(port, act))
    assert tally.failures == []
    assert {answer.release for answer in tally.answers} == set(names)
    assert tally.requests >= 500


def test_a_canary_has_its_workers_share_until_it_is_taken_back_or_gets_everything(pair: Site) -> None:
    old = pair.change(pair.add("before"))["release"]
    new = pair.add("canary")
    answer = pair.change(new, canary=1)
    assert (answer["ok"], answer["release"], answer["previous"]) == (True, old, old)
    status = pair.status()
    assert (status["release"], status["canary"], _served(pair)) == (old, new, [old, new])
    until(lambda: pair.get()["release"] == new, "an answer of the canary")
    until(lambda: pair.get()["release"] == old, "an answer of the release beside it")
    assert pair.change(new, canary=1)["seconds"] == 0.0
    assert pair.change(old)["ok"]
    assert (pair.status()["canary"], _served(pair)) == (None, [old, old])
    assert pair.change(new, canary=1)["ok"]
    answer = pair.change(new)
    assert (answer["ok"], answer["release"], answer["previous"]) == (True, new, old)
    status = pair.status()
    assert (status["release"], status["canary"], _served(pair)) == (new, None, [new, new])


@pytest.mark.parametrize("share", [0, -1, 65, 1.0, True, "1"])
def test_a_share_that_is_no_number_of_workers_is_refused(pair: Site, share: object) -> None:
    answer = pair.change("first", canary=share)
    assert answer["ok"] is False
    assert answer["reason"].startswith(f"canary is {share!r}: send the number of its workers")


def test_a_release_whose_second_worker_does_not_start_leaves_the_old_ones_untouched(pair: Site) -> None:
    before = pair.status()
    answer = pair.change(pair.add("alone", ONE_AT_A_TIME + APP))
    assert (answer["ok"], answer["release"]) == (False, before["release"])
    assert "FileExistsError" in answer["reason"]
    after = pair.status()
    assert (after["workers"], after["restarts"]) == (before["workers"], before["restarts"])


def test_a_release_that_answers_the_smoke_badly_is_refused_before_any_user_asked(pair: Site) -> None:
    before = pair.status()
    smoke = [{"method": "GET", "path": "/fine"}, {"method": "GET", "path": "/broken"}]
    answer = pair.change(pair.add("smoking"), smoke=smoke)
    assert (answer["ok"], answer["release"]) == (False, before["release"])
    assert "release smoking was refused: GET /broken answered 500, before any user asked" in answer["reason"]
    assert pair.status()["workers"] == before["workers"]
    assert pair.change("smoking", smoke=smoke[:1])["ok"]
    refused = pair.change("first", smoke="GET /")
    assert (refused["ok"], refused["reason"].startswith("smoke is")) == (False, True)


def test_what_users_got_is_told_by_release_also_of_workers_that_have_ended(pair: Site) -> None:
    old = pair.change(pair.add("counted"))["release"]
    ended = _pids(pair)
    for path in ("/a", "/b", "/broken"):
        pair.get(path)
    watched = [{"method": "GET", "path": "/carts/*"}]
    new = pair.change(pair.add("counted-too"), watch=watched)["release"]
    for path in ("/carts/1", "/carts/1/lines"):
        pair.get(path)
    until(lambda: not any(map(alive, ended)), "the end of the old workers")
    traffic = pair.status()["traffic"]
    assert len(traffic) <= 4
    assert {name: traffic[old][name] for name in ("requests", "failed", "watched")} == {
        "requests": 3,
        "failed": 1,
        "watched": 0,
    }
    assert {name: traffic[new][name] for name in ("requests", "failed", "watched")} == {
        "requests": 2,
        "failed": 0,
        "watched": 1,
    }
    assert 0 < traffic[new]["p50"] <= traffic[new]["p99"] < 5


def test_a_release_finds_its_own_packages(pair: Site) -> None:
    packages = pair.releases / ".environments" / "digest"
    packages.mkdir(parents=True)
    (packages / "a_package_of_its_own.py").write_text("STATUS = 200\n")
    name = pair.add("packaged", "import a_package_of_its_own\n" + APP)
    assert "No module named" in pair.change(name)["reason"]
    (pair.releases / name / ".environment").symlink_to("../.environments/digest")
    assert pair.change(name)["ok"]


def test_only_a_link_to_the_shared_packages_counts_and_missing_ones_are_an_error(tmp_path: Path) -> None:
    release = tmp_path / "one"
    release.mkdir()
    assert packages_of(tmp_path, "one") is None
    (release / ".environment").mkdir()
    assert packages_of(tmp_path, "one") is None
    (release / ".environment").rmdir()
    (release / ".environment").symlink_to("..")
    assert packages_of(tmp_path, "one") is None
    (release / ".environment").unlink()
    (release / ".environment").symlink_to("../.environments/digest")
    with pytest.raises(FileNotFoundError):
        packages_of(tmp_path, "one")
    (tmp_path / ".environments" / "digest").mkdir(parents=True)
    assert packages_of(tmp_path, "one") == tmp_path / ".environments" / "digest"
