"""The supervisor killed, the healer killed, the disk full in the middle of a release: never half of one is served."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from healer.cli import stack
from healer.cli.load import Load

from tests.e2e.releasing_shop import PATHS, ROOT, Shop, until
from tests.small_disk import on_small_disk

pytestmark = pytest.mark.xdist_group("release-faults")


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEALER_SOAK_SECONDS", "1")
        with stack.running(ROOT) as running:
            yield Shop(running)


# Each is true from a moment of a release on: what it did before is kept by a healer that is killed then, or done again.
MOMENTS: dict[str, Callable[[Shop, str], bool]] = {
    "begun to be written": lambda shop, commit: shop.drafts() or (shop.releases / commit).exists(),
    "changed to": lambda shop, commit: shop.status()["state"] == "changing" or shop.status()["release"] == commit,
    "served": lambda shop, commit: shop.current() == commit,
}


def test_a_release_outlives_every_kill_of_the_healer(shop: Shop) -> None:
    load = Load(shop.url, PATHS)
    load.start()
    try:
        first = shop.current()
        for number, (name, reached) in enumerate(MOMENTS.items()):
            commit = shop.push(f"killed {number}")
            until(f"the release to be {name}", lambda commit=commit, reached=reached: reached(shop, commit))
            shop.kill_healer()
            assert shop.halves() == []
            shop.start_healer()
            shop.until_released(commit)
        shop.client.post("/api/v1/services/shop/rollback", {"to": first, "reason": "a test"})
        shop.kill_healer()
        shop.start_healer()
        until("the first release again", lambda: shop.current() == first and shop.status()["release"] == first)
        shop.until_state(commit, "rolled_back")
    finally:
        load.stop()
    assert shop.halves() == []
    assert load.answered > 0
    assert load.failures == []


def test_a_release_goes_on_when_its_supervisor_is_killed_in_the_middle(shop: Shop) -> None:
    before = shop.current()
    commit = shop.push("the supervisor is killed")
    until("the change", lambda: shop.status()["state"] == "changing")
    shop.kill_supervisor()
    assert shop.halves() == []
    assert shop.current() in (before, commit)
    until("the shop again", shop.serves_again)
    shop.until_released(commit)
    assert shop.halves() == []


def test_without_room_a_release_waits_and_users_notice_nothing(tmp_path: Path) -> None:
    releases = tmp_path / "releases"
    releases.mkdir()
    command = [sys.executable, "-m", "tests.e2e.full_disk", str(tmp_path)]
    environment = {**os.environ, "HEALER_SOAK_SECONDS": "1"}
    done = on_small_disk(releases, command, cwd=ROOT, env=environment, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
