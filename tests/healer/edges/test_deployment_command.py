"""A deployment by a command: real commands, a real health address, and what a killed healer leaves."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from healer.edges.deployment import KEPT_RELEASES, health, program
from healer.edges.deployment.command import CommandDeployment
from healer.edges.deployment.health import Health
from healer.edges.deployment.program import Program
from healer.model import DeploymentError, Probe, Request

from tests.healer.edges.deployed_service import DeployedService

SERVE = ("sh", "-c", "echo {commit} > served; echo run >> runs")
BACK = ("sh", "-c", "echo {commit} > served; echo back >> runs")
OLD, NEW = "0123456789abcdef", "fedcba9876543210"
PROBES = (Probe(Request("GET", "/orders?page=2")),)


@pytest.fixture
def service(tmp_path):
    made = DeployedService(tmp_path)
    yield made
    made.close()


@pytest.fixture
def deployment(tmp_path, service):
    """One that serves OLD; `make` makes another of the same state."""

    def make(command=SERVE, way_back=BACK, header="X-Commit", **more):
        asked = Health(f"{service.url}/health", 0.3, header)
        state = tmp_path / "home" / "shop.json"
        return CommandDeployment(
            "shop", command, way_back, run_in=tmp_path, state=state, health=asked, url=service.url, **more
        )

    first = make(header="")
    first.make = make
    first.point(OLD)
    service.served.write_text(OLD)
    return first


def runs(tmp_path: Path) -> list[str]:
    path = tmp_path / "runs"
    return path.read_text().split() if path.exists() else []


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def soon(condition) -> bool:
    until = time.monotonic() + 5
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_a_release_is_served_seen_to_be_well_and_asked_its_probes(tmp_path, service, deployment):
    changed = deployment.change(NEW, PROBES, ())
    assert (changed.ok, changed.release, changed.previous, changed.reason) == (True, NEW, OLD, "")
    assert [path for _, path, _, _ in service.requests] == ["/health", "/orders?page=2"]
    assert deployment.current() == deployment.serving().release == NEW
    assert deployment.serving().state == "serving"
    assert deployment.kept() == (NEW, OLD)
    assert deployment.change(NEW, PROBES, ()).ok
    assert runs(tmp_path) == ["run"]  # what is served is not ordered again


def test_only_the_last_ones_are_kept(deployment):
    names = [f"{number:x}" * 16 for number in range(KEPT_RELEASES + 2)]
    for name in names:
        deployment.point(name)
    assert deployment.kept() == tuple(names[:1:-1])


def test_the_command_is_told_much_and_given_no_secret(tmp_path, deployment, monkeypatch):
    monkeypatch.setenv("HEALER_OPERATOR_TOKEN", "secret")
    words = ("sh", "-c", 'env > environment; echo "$0 $1" > words', "{commit}{previous}", "{service} {{.State}} {x}")
    assert deployment.make(words, header="").change(NEW, (), ()).ok
    lines = (tmp_path / "environment").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines)
    assert set(given) - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        *("PATH", "HOME", "LANG", "HEALER_SERVICE", "HEALER_COMMIT", "HEALER_PREVIOUS", "HEALER_RELEASE_FOLDER")
    }
    assert (given["HEALER_COMMIT"], given["HEALER_PREVIOUS"], given["HEALER_RELEASE_FOLDER"]) == (NEW, OLD, "")
    assert (tmp_path / "words").read_text() == f"{NEW}{OLD} shop {{{{.State}}}} {{x}}\n"


def test_a_command_that_fails_is_followed_by_the_way_back(tmp_path, service, deployment):
    script = f'{SERVE[2]}; for n in 1 2 3 4 5 6; do echo "line $n"; done; printf "\\033[31mno image\\033[0m\\n"; exit 3'
    changed = deployment.make(("sh", "-c", script)).change(NEW, (), ())
    assert (changed.ok, changed.release) == (False, OLD)
    assert (
        changed.reason == f"sh ended with 3: line 3 / line 4 / line 5 / line 6 / no image; {OLD[:10]} is served again"
    )
    assert (service.commit, runs(tmp_path)) == (OLD, ["run", "back"])
    assert deployment.serving().release == OLD


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("ill", "not healthy within 0.3 s: the health address answers 500"),
        ("broken", "GET /orders answered 500"),
        ("other", f"not healthy within 0.3 s: X-Commit of the health address is '{OLD}', not {NEW[:10]}"),
    ],
)
def test_a_release_that_is_not_well_is_gone_back_from(tmp_path, service, deployment, trouble, said):
    if trouble == "other":
        deployment = deployment.make(("sh", "-c", "echo run >> runs"))
    else:
        getattr(service, trouble).add(NEW)
    changed = deployment.change(NEW, PROBES, ())
    assert (changed.ok, changed.release, changed.reason) == (False, OLD, f"{said}; {OLD[:10]} is served again")
    assert (service.commit, runs(tmp_path)) == (OLD, ["run", "back"])


def test_without_a_way_back_the_command_is_it_and_a_short_commit_is_a_name(tmp_path, service, deployment):
    short = ("sh", "-c", "c={commit}; echo v1-${c%??????} > served; echo run >> runs")
    same = deployment.make(short, ())
    assert same.change(NEW, (), ()).ok
    service.broken.add(f"v1-{'a' * 10}")
    assert not same.change("a" * 16, PROBES, ()).ok
    assert (service.commit, runs(tmp_path)) == (f"v1-{NEW[:10]}", ["run"] * 3)
    assert same.change(OLD, (), ()).ok


def test_a_way_back_that_fails_is_tried_again_and_the_failed_release_is_not(tmp_path, service, deployment):
    service.ill |= {OLD, NEW}
    for _ in range(2):
        with pytest.raises(DeploymentError, match=rf"answers 500; going back to {OLD[:10]} failed too") as caught:
            deployment.change(NEW, (), ())
    assert "tried again" in str(caught.value)
    assert deployment.serving().state == "changing"
    service.ill.clear()
    changed = deployment.make().change(NEW, (), ())
    assert (changed.ok, changed.release) == (False, OLD)
    assert "answers 500" in changed.reason
    assert runs(tmp_path) == ["run", "back", "back", "back"]
    assert deployment.serving().state == "serving"


def test_what_a_killed_healer_left_is_found_and_done_again(tmp_path, deployment, monkeypatch):
    killed = deployment.make()
    monkeypatch.setattr(Health, "wait", lambda *_: pytest.exit("killed"))
    with pytest.raises(pytest.exit.Exception):
        killed.change(NEW, (), ())
    monkeypatch.undo()
    after = deployment.make()
    assert (after.serving().release, after.serving().state) == (OLD, "changing")
    assert after.change(NEW, (), ()).ok
    assert runs(tmp_path) == ["run", "run"]


def test_a_change_of_mind_after_a_kill_serves_the_release_before_again(tmp_path, service, deployment, monkeypatch):
    killed = deployment.make()
    monkeypatch.setattr(Health, "wait", lambda *_: pytest.exit("killed"))
    with pytest.raises(pytest.exit.Exception):
        killed.change(NEW, (), ())
    monkeypatch.undo()
    assert deployment.change(OLD, (), ()).ok
    assert (service.commit, runs(tmp_path)) == (OLD, ["run", "back"])
    service.served.write_text(NEW)
    service.ill.add(OLD)
    monkeypatch.setattr(Health, "wait", lambda *_: pytest.exit("killed"))
    with pytest.raises(pytest.exit.Exception):
        killed.change(NEW, (), ())
    monkeypatch.undo()
    with pytest.raises(DeploymentError, match="the release to go back to"):
        deployment.change(OLD, (), ())


def test_a_command_of_a_killed_healer_is_waited_for_and_ended_when_its_time_is_over(tmp_path, deployment):
    mark = tmp_path / "home" / "shop.process"
    ended = []
    theirs = threading.Thread(target=lambda: ended.append(Program(mark, tmp_path, 60).run(("sleep", "60"), {}).status))
    theirs.start()
    assert soon(lambda: mark.exists() and mark.read_text())
    with pytest.raises(DeploymentError, match="still at work"):
        deployment.change(NEW, (), ())
    assert runs(tmp_path) == []
    os.utime(mark, (1, 1))
    assert deployment.change(NEW, (), ()).ok
    theirs.join(5)
    assert ended == [-signal.SIGKILL]


def test_what_takes_too_long_is_ended_with_its_children(tmp_path, deployment):
    script = "sleep 60 & echo $! > child; echo building; wait"
    changed = deployment.make(("sh", "-c", script), seconds=0.8).change(NEW, (), ())
    assert changed.reason.startswith("sh took too long and was ended: building; ")
    assert soon(lambda: gone(int((tmp_path / "child").read_text())))


def test_what_it_starts_stays(tmp_path, deployment):
    assert deployment.make(("sh", "-c", f"{SERVE[2]}; sleep 60 & echo $! > child")).change(NEW, (), ()).ok
    child = int((tmp_path / "child").read_text())
    assert not gone(child)
    os.kill(child, signal.SIGKILL)


def test_its_output_is_bounded(deployment, monkeypatch):
    monkeypatch.setattr(program, "LARGEST_OUTPUT", 1000)
    size = "$(stat -L -c %s /proc/$$/fd/1)"
    waited = f"n=0; while [ {size} -gt 1000 ] && [ $n -lt 250 ]; do sleep 0.02; n=$((n+1)); done"
    script = f'head -c 5000 /dev/zero; {waited}; echo "size {size}"; exit 1'
    changed = deployment.make(("sh", "-c", script)).change(NEW, (), ())
    assert "sh ended with 1: size 0;" in changed.reason


def test_a_program_that_cannot_be_started_is_no_fault_of_the_release(deployment):
    with pytest.raises(DeploymentError, match=r"cannot run './none' in .*: No such file"):
        deployment.make(("./none",)).change(NEW, (), ())
    assert deployment.serving().release == OLD


def test_a_release_folder_is_current_while_the_command_runs(tmp_path, service, deployment):
    releases = tmp_path / "releases"
    by_folder = ("sh", "-c", "cp {folder}/commit served; readlink releases/current >> seen; test ! -e releases/fail")
    folders = deployment.make(by_folder, (), releases=releases, python=sys.executable)

    def export(commit):
        def write(folder):
            folder.mkdir()
            (folder / "commit").write_text(commit)

        return write

    for commit in (OLD, NEW):
        folders.prepare(commit, export(commit))
    folders.point(OLD)
    assert set(folders.kept()) == {OLD, NEW}
    (releases / "fail").touch()
    with pytest.raises(DeploymentError, match=f"going back to {OLD[:10]} failed too"):
        folders.change(NEW, (), ())
    (releases / "fail").unlink()
    assert not folders.change(NEW, (), ()).ok
    assert (service.commit, str((releases / "current").readlink())) == (OLD, OLD)
    assert (tmp_path / "seen").read_text().split() == [NEW, OLD, OLD]
    assert folders.change(NEW, (), ()).ok
    assert str((releases / "current").readlink()) == NEW
    with pytest.raises(DeploymentError, match="cannot run"):
        deployment.make(("none",), ("none",), releases=releases, python=sys.executable).change(OLD, (), ())
    assert str((releases / "current").readlink()) == NEW
    refused = folders.change("a" * 16, (), ())
    assert (refused.ok, refused.release) == (False, NEW)
    assert "no release folder" in refused.reason


def test_what_current_names_is_served_as_long_as_nothing_was_ordered(tmp_path, deployment):
    (tmp_path / "home" / "shop.json").unlink()
    (tmp_path / "releases" / OLD).mkdir(parents=True)
    (tmp_path / "releases" / "current").symlink_to(OLD)
    folders = deployment.make(releases=tmp_path / "releases", python=sys.executable)
    assert folders.current() == folders.serving().release == OLD


def test_the_first_release_of_all_has_nothing_to_go_back_to(tmp_path, service, deployment):
    (tmp_path / "home" / "shop.json").unlink()
    assert (deployment.serving().release, deployment.serving().state) == (None, "waiting")
    service.ill.add(NEW)
    changed = deployment.change(NEW, (), ())
    assert (changed.ok, changed.release) == (False, None)
    assert "no release before it" in changed.reason


def test_nothing_is_done_where_it_cannot_be_written_down(tmp_path, deployment):
    state = tmp_path / "home" / "shop.json"
    state.write_text("{")
    with pytest.raises(DeploymentError, match=r"shop\.json cannot be read"):
        deployment.change(NEW, (), ())
    state.unlink()
    (tmp_path / "home").rmdir()
    (tmp_path / "home").touch()
    with pytest.raises(DeploymentError, match="home"):
        deployment.change(NEW, (), ())
    assert runs(tmp_path) == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "http://a..b/", "http://[::1/"])
def test_a_health_address_that_leads_nowhere_does_not_answer(address):
    assert Health(address, 1).look(OLD).startswith("the health address does not answer")


def test_a_service_is_ill_when_that_lasts(service, deployment, monkeypatch):
    service.ill.add(OLD)
    assert deployment.serving().state == "serving"
    monkeypatch.setattr(health, "SICK_SECONDS", 0)
    assert deployment.serving().state == "unhealthy"
    service.ill.clear()
    assert deployment.serving().state == "serving"
    monkeypatch.undo()
    service.ill.add(OLD)
    assert deployment.serving().state == "serving"
