import json
import os
import subprocess
import sys
import time

import pytest
from healer.edges.deployment import KEPT_RELEASES
from healer.edges.deployment.folders import Folders, Unusable
from healer.edges.deployment.running import run
from healer.model import CheckoutError, DeploymentError

from tests.small_disk import on_small_disk

SPEAKS = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n"
# Ends itself at its n-th file operation, for every fifth n until it comes through, and looks at what was left.
KILLED = """
import os, signal, sys, time
from pathlib import Path
from healer.edges.deployment.folders import Folders

releases = Path(sys.argv[1])
folder, folders = releases / "c", Folders(releases, sys.executable)
FILES = {"a.py": "x = 1\\n" * 999, "b/c.py": "y = 2\\n", "b/d.txt": "d"}

def export(draft):
    for name, text in FILES.items():
        (draft / name).parent.mkdir(parents=True, exist_ok=True)
        (draft / name).write_text(text)

def whole():
    assert {name: (folder / name).read_text() for name in FILES} == FILES
    assert [path.name for path in (folder / "b" / "__pycache__").iterdir()]

def killed(step):
    done = 0
    def hook(event, args):
        nonlocal done
        done += 1
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    folders.prepare("c", export)
    os._exit(0)

halves, step = 0, -4
while True:
    step += 5
    child = os.fork() or killed(step)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL), status
    halves += any(path.name.startswith(".draft.") for path in releases.iterdir())
    if folder.exists():
        whole()
        if status == 0:
            break
        folder.rename(releases / f".draft.{step}")
for _ in range(100):
    folders.tidy(frozenset())  # what a killed one had started may not have ended yet
    if (names := sorted(path.name for path in releases.iterdir())) == [".lock", "c"]:
        break
    time.sleep(0.05)
assert step > 30 and halves > 3, (step, halves)
assert names == [".lock", "c"], names
"""
# On a disk of its own, of 4 MB. What is asserted is told as JSON by name.
FULL = """
import json, sys
from pathlib import Path
from healer.edges.deployment import disk
from healer.edges.deployment.folders import Folders
from healer.model import CheckoutError, DeploymentError

releases, told = Path(sys.argv[1]), {}
folders = Folders(releases, "")

def release(size, error=None):
    def export(folder):
        told["begun"] = True
        folder.mkdir()
        try:
            (folder / "data").write_bytes(bytes(size))
        except OSError as full:
            raise (CheckoutError(f"cannot write: {full}") if error else full)
    return export

def tried(name, export):
    told["begun"] = False
    try:
        folders.prepare(name, export)
    except DeploymentError as error:
        reason = str(error)
    else:
        reason = ""
    told[name] = [reason, told.pop("begun"), sorted(path.name for path in releases.iterdir())]

tried("larger", release(6_000_000))
tried("larger-for-git", release(6_000_000, CheckoutError))
tried("reserve", release(4_050_000))
tried("fits", release(1_500_000))
(releases / ".app").write_bytes(bytes(2_000_000))
tried("next", release(1_500_000))
(releases / ".more").write_bytes(bytes(100_000))  # the service goes on writing
(releases / ".app").unlink()
tried("again", release(1_500_000))
print(json.dumps(told))
"""


@pytest.fixture
def releases(tmp_path):
    return tmp_path / "releases"


@pytest.fixture
def folders(releases):
    return Folders(releases, "")


def exporting(files: dict[str, str]):
    def export(folder):
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)

    return export


def names(releases) -> list[str]:
    return sorted(path.name for path in releases.iterdir() if path.name != ".lock")


def test_a_release_is_made_once_and_compiled_without_being_run(releases):
    folders = Folders(releases, sys.executable)
    folders.prepare("a", exporting({"app.py": SPEAKS, "old.py": "print 1\n", "sub/more.py": "x = 1\n"}))
    folders.prepare("a", lambda folder: pytest.fail("it is there"))
    assert names(releases) == ["a"]
    assert sorted(path.name for path in (releases / "a").iterdir()) == ["__pycache__", "app.py", "old.py", "sub"]
    tag = sys.implementation.cache_tag
    compiled = {path.name: path.read_bytes() for path in (releases / "a").rglob("*.pyc")}
    assert set(compiled) == {f"app.{tag}.pyc", f"more.{tag}.pyc"}
    assert {content[4:8] for content in compiled.values()} == {(3).to_bytes(4, "little")}  # by hash, and checked


def test_without_the_interpreter_a_release_is_made_all_the_same(releases):
    Folders(releases, str(releases / "none")).prepare("a", exporting({"app.py": ""}))
    assert names(releases) == ["a"]


def test_what_cannot_be_exported_leaves_nothing(releases, folders):
    def export(folder):
        folder.mkdir()
        raise CheckoutError("no such commit")

    with pytest.raises(CheckoutError, match="no such commit"):
        folders.prepare("a", export)
    assert names(releases) == []


def test_what_can_never_be_a_release_is_remembered_until_it_is_one(releases, folders):
    def export(folder):
        folder.mkdir()
        raise Unusable("there is no such package")

    folders.prepare("a", export)
    assert (folders.refused("a"), folders.refused("b"), folders.kept()) == ("there is no such package", "", ())
    assert Folders(releases, "").refused("a") == "there is no such package"
    folders.prepare("a", exporting({"app.py": ""}))
    assert (folders.refused("a"), folders.kept()) == ("", ("a",))


def test_current_moves(releases, folders):
    for commit in ("a", "b"):
        folders.prepare(commit, exporting({"app.py": ""}))
    assert folders.current() is None
    folders.point("a")
    folders.point("b")
    assert folders.current() == "b"
    assert names(releases) == ["a", "b", "current"]
    with pytest.raises(DeploymentError, match="there is no release c"):
        folders.point("c")
    (releases / "b").rename(releases / "gone")
    assert folders.current() is None


def test_the_oldest_releases_go(releases, folders):
    made = [f"r{number}" for number in range(KEPT_RELEASES + 3)]
    for age, name in enumerate(made):
        folders.prepare(name, exporting({"app.py": ""}))
        os.utime(releases / name, (age, age))
    (releases / "notes.txt").touch()
    folders.point("r0")
    folders.tidy(frozenset({"r1"}))
    assert folders.kept() == (*made[: -KEPT_RELEASES - 1 : -1], "r1", "r0")
    assert names(releases) == ["current", "notes.txt", "r0", "r1", *made[-KEPT_RELEASES:]]


def test_one_writes_at_a_time(releases, folders):
    def export(folder):
        with pytest.raises(DeploymentError, match="just now"):
            Folders(releases, "").prepare("b", exporting({"app.py": ""}))
        exporting({"app.py": ""})(folder)

    folders.prepare("a", export)
    assert folders.kept() == ("a",)


def test_whenever_it_is_killed_a_release_is_whole_or_absent(releases):
    releases.mkdir()
    line = [sys.executable, "-c", KILLED, str(releases)]
    ran = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr


def test_a_full_disk_means_not_now_and_leaves_the_service_some(tmp_path):
    ran = on_small_disk(tmp_path, [sys.executable, "-c", FULL, str(tmp_path)], timeout=60)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    for name in ("larger", "larger-for-git", "reserve"):
        reason, begun, left = told[name]
        assert f"no room in {tmp_path}" in reason
        assert (begun, left) == (True, [".lock"])
    assert told["fits"] == ["", True, [".lock", "fits"]]
    reason, begun, left = told["next"]
    assert "1,712,947 bytes must be free, 209,715 of them for the service" in reason
    assert (begun, left) == (False, [".app", ".lock", "fits"])
    assert told["again"] == ["", True, [".lock", ".more", "again", "fits"]]


def test_of_a_program_its_end_is_told_and_nothing_is_left(tmp_path):
    ran = run(["sh", "-c", "sleep 60 & echo one; echo two >&2; exit 3"], {"PATH": os.defpath}, 10)
    assert (ran.status, ran.output) == (3, "one\ntwo\n")
    ran = run(["sh", "-c", "head -c 200000 /dev/zero | tr '\\0' x; echo end; sleep 60"], {"PATH": os.defpath}, 0.5)
    assert ran.status is None
    assert len(ran.output) <= 2**16
    assert ran.output.endswith("xend\n")


def test_who_looks_can_end_a_program(tmp_path):
    started = time.monotonic()

    def look() -> None:
        if (tmp_path / "mark").exists():
            raise DeploymentError("no room")

    with pytest.raises(DeploymentError, match="no room"):
        run(["sh", "-c", 'touch "$0"; sleep 60', str(tmp_path / "mark")], {"PATH": os.defpath}, 30, look)
    assert time.monotonic() - started < 10
