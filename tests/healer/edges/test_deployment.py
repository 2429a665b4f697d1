import os

import pytest
from healer.edges.deployment import KEPT_RELEASES, Deployment
from healer.model import DeploymentError

from tests.healer.scripted_supervisor import ScriptedSupervisor


@pytest.fixture
def supervisor(tmp_path):
    (tmp_path / "releases").mkdir()
    made = ScriptedSupervisor(tmp_path / "c.sock", tmp_path / "releases")
    yield made
    made.close()


@pytest.fixture
def deployment(tmp_path, supervisor):
    return Deployment(tmp_path / "releases", tmp_path / "c.sock", "")


def made(deployment: Deployment, *commits: str) -> None:
    for commit in commits:
        deployment.prepare(commit, lambda folder: folder.mkdir())


def test_a_release_is_prepared_once(deployment):
    made(deployment, "a")
    deployment.prepare("a", lambda folder: pytest.fail("it is there"))


def test_current_moves(tmp_path, deployment):
    made(deployment, "a", "b")
    assert deployment.current() is None
    deployment.point("a")
    deployment.point("b")
    assert deployment.current() == "b"
    assert sorted(path.name for path in (tmp_path / "releases").iterdir()) == ["a", "b", "current"]


def test_the_supervisor_changes_or_says_why_not(deployment, supervisor):
    made(deployment, "a", "b")
    assert deployment.change("a").ok
    supervisor.refuse = "it crashed"
    refused = deployment.change("b")
    assert (refused.ok, refused.release, refused.reason) == (False, "a", "it crashed")
    assert deployment.status()["release"] == "a"


def test_no_supervisor_is_named(tmp_path):
    with pytest.raises(DeploymentError, match="does not answer"):
        Deployment(tmp_path, tmp_path / "none.sock", "").status()


def test_the_oldest_releases_go(tmp_path, deployment):
    names = [f"r{number}" for number in range(KEPT_RELEASES + 3)]
    for age, name in enumerate(names):
        made(deployment, name)

        os.utime(tmp_path / "releases" / name, (age, age))
    deployment.point("r0")
    deployment.tidy(frozenset({"r1"}))
    left = {path.name for path in (tmp_path / "releases").iterdir()}
    assert left == {"current", "r0", "r1", *names[-KEPT_RELEASES:]}
