import io
import os
import shutil
import subprocess
import tarfile
from types import SimpleNamespace

import pytest
from healer.edges.checkout import Checkout
from healer.model import CheckoutError, Suspect

from tests.healer.edges.git_server import git

WHEN = "2026-01-02T03:04:05Z"


@pytest.fixture
def seed(tmp_path):
    folder = tmp_path / "seed"
    (folder / "app" / "__pycache__").mkdir(parents=True)
    (folder / "app" / "main.py").write_text("x = 1\n")
    (folder / "app" / "__pycache__" / "main.pyc").write_bytes(b"\0")
    (folder / "README.md").write_text("hello\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("/etc/passwd")
    return folder


@pytest.fixture
def checkout(tmp_path, seed):
    made = Checkout(tmp_path / "mirror.git", str(tmp_path / "origin.git"), "main")
    made.seed(seed)
    return made


def names(tar: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return {member.name: archive.extractfile(member).read().decode() for member in archive}


def test_a_seed_becomes_a_repository_once(tmp_path, seed, checkout):
    first = checkout.fetch()
    assert sorted(names(checkout.tar(first))) == ["README.md", "app/main.py", "run.sh"]
    (seed / "README.md").write_text("changed\n")
    checkout.seed(seed)
    assert checkout.fetch() == first
    assert git(tmp_path / "origin.git", "log", "--format=%s", "main") == "Start of the service"


def test_sources_are_the_python_files(checkout):
    base = checkout.fetch()
    checkout.sources(base).clear()
    assert checkout.sources(base) == {"app/main.py": "x = 1\n"}
    for number in (2, 3, 4):
        head = checkout.commit(base, {"app/main.py": f"x = {number}\n"}, "Set x\n", WHEN)
        assert checkout.sources(head) == {"app/main.py": f"x = {number}\n"}
    assert checkout.sources(base) == {"app/main.py": "x = 1\n"}


def test_a_tar_takes_changes(checkout):
    files = names(checkout.tar(checkout.fetch(), {"app/main.py": "x = 2\n", "app/new.py": "y = 1\n"}))
    assert files["app/main.py"] == "x = 2\n"
    assert files["app/new.py"] == "y = 1\n"
    assert files["README.md"] == "hello\n"


def test_export_writes_regular_files_and_modes(tmp_path, checkout):
    target = tmp_path / "releases" / "abc"
    checkout.export(checkout.fetch(), target)
    assert (target / "app" / "main.py").read_text() == "x = 1\n"
    assert os.access(target / "run.sh", os.X_OK)
    assert not (target / "link").exists()
    assert [path.name for path in target.parent.iterdir()] == ["abc"]


def test_export_begins_only_what_the_disk_has_room_for(tmp_path, checkout, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=8192))
    with pytest.raises(CheckoutError, match="its files need 12,288 bytes, and 8,192 are free there"):
        checkout.export(checkout.fetch(), tmp_path / "release")
    assert list((tmp_path / "release").iterdir()) == []


def test_the_same_commit_twice_is_one_commit(checkout):
    base = checkout.fetch()
    first = checkout.commit(base, {"app/main.py": "x = 2\n"}, "Fix x\n", WHEN)
    assert checkout.commit(base, {"app/main.py": "x = 2\n"}, "Fix x\n", WHEN) == first
    checkout.push(first, "healer/a-1")
    checkout.push(first, "healer/a-1")


def committed(folder, author: str, when: str, message: str) -> str:
    name, _, mail = author.partition(" <")
    changed = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail.rstrip(">"), "GIT_AUTHOR_DATE": when}
    by = {**os.environ, **changed, "GIT_COMMITTER_NAME": "c", "GIT_COMMITTER_EMAIL": "c@example.org"}
    subprocess.run(["git", "-C", str(folder), "add", "."], check=True)
    subprocess.run(["git", "-C", str(folder), "commit", "-qm", message], check=True, env=by)
    return git(folder, "rev-parse", "HEAD")


def test_blame_names_who_touched_a_line_last_and_never_an_address(tmp_path, checkout):
    checkout.fetch()
    work = tmp_path / "work"
    git(tmp_path, "clone", "-q", str(tmp_path / "origin.git"), str(work))
    (work / "app" / "main.py").write_text("x = 1\nif x:\n  y = 2\n")
    first = committed(
        work, "Ada Lovelace <ada@example.org>", "2026-03-01T10:00:00+02:00", "Add y\n\nfor bob@example.org"
    )
    (work / "app" / "main.py").write_text("x = 3\nif x:\n    y = 2\n")
    second = committed(
        work, "eve@example.org <eve@example.org>", "2026-03-02T10:00:00Z", "x for <bob@example.org> @home"
    )
    git(work, "push", "-q")
    tip = checkout.fetch()
    assert checkout.blame(tip, "app/main.py", 3) == Suspect(first, "Ada Lovelace", "2026-03-01T08:00:00Z", "Add y")
    assert checkout.blame(tip, "app/main.py", 1) == Suspect(second, "somebody", "2026-03-02T10:00:00Z", "x for @home")
    assert checkout.blame(first, "app/main.py", 2).commit == first


@pytest.mark.parametrize(("file", "line"), [("app/main.py", 2), ("app/main.py", 0), ("gone.py", 1), ("--output=x", 1)])
def test_what_cannot_be_blamed_says_so(tmp_path, checkout, file, line):
    with pytest.raises(CheckoutError, match="cannot tell who touched"):
        checkout.blame(checkout.fetch(), file, line)


def test_files_of_two_commits_are_the_same_or_not(checkout):
    base = checkout.fetch()
    changed = checkout.commit(base, {"app/main.py": "x = 2\n"}, "Change\n", WHEN)
    assert checkout.same_files(base, changed, ["README.md", "gone.py"])
    assert not checkout.same_files(base, changed, ["README.md", "app/main.py"])
    with pytest.raises(CheckoutError, match=r"has no f{40}"):
        checkout.same_files(base, "f" * 40, [])


def test_a_commit_keeps_the_rest_and_the_modes(tmp_path, checkout):
    base = checkout.fetch()
    head = checkout.commit(base, {"run.sh": "#!/bin/sh\ntrue\n"}, "Fix\n", WHEN)
    checkout.push(head, "healer/a-1")
    listed = git(tmp_path / "origin.git", "ls-tree", "-r", "healer/a-1")
    assert "100755 blob" in next(line for line in listed.splitlines() if line.endswith("run.sh"))
    assert git(tmp_path / "origin.git", "diff", "--stat", base, head).count("|") == 1


def test_merge_is_found_again_and_moves_the_branch(tmp_path, checkout):
    base = checkout.fetch()
    head = checkout.commit(base, {"app/main.py": "x = 2\n"}, "Fix x\n", WHEN)
    checkout.push(head, "healer/a-1")
    assert checkout.merged_as(head) is None
    merged = checkout.merge(head, "Merge\n", WHEN)
    assert checkout.fetch() == merged
    assert git(tmp_path / "origin.git", "show", "main:app/main.py") == "x = 2"
    assert checkout.merge(head, "Merge\n", WHEN) == merged
    assert checkout.merged_as(head) == merged
    assert checkout.is_ancestor(base, merged)
    assert not checkout.is_ancestor(merged, base)


def test_merge_over_a_moved_branch_keeps_both(tmp_path, checkout):
    base = checkout.fetch()
    ours = checkout.commit(base, {"app/main.py": "x = 2\n"}, "Fix x\n", WHEN)
    theirs = checkout.commit(base, {"README.md": "more\n"}, "Tell more\n", WHEN)
    checkout.push(theirs, "main", base)
    checkout.merge(ours, "Merge\n", WHEN)
    assert git(tmp_path / "origin.git", "show", "main:README.md") == "more"
    assert git(tmp_path / "origin.git", "show", "main:app/main.py") == "x = 2"


def test_a_conflict_says_so_and_changes_nothing(checkout):
    base = checkout.fetch()
    ours = checkout.commit(base, {"app/main.py": "x = 2\n"}, "Fix x\n", WHEN)
    theirs = checkout.commit(base, {"app/main.py": "x = 3\n"}, "Set x\n", WHEN)
    checkout.push(theirs, "main", base)
    with pytest.raises(CheckoutError, match="same lines"):
        checkout.merge(ours, "Merge\n", WHEN)
    assert checkout.fetch() == theirs


def test_a_deleted_branch_may_be_deleted_again(tmp_path, checkout):
    checkout.push(checkout.fetch(), "healer/a-1")
    checkout.delete_branch("healer/a-1")
    checkout.delete_branch("healer/a-1")
    assert "healer" not in git(tmp_path / "origin.git", "branch", "--list")


@pytest.mark.parametrize(
    ("repository", "branch", "said"),
    [("nowhere.git", "main", "cannot fetch main of"), ("origin.git", "release", "release")],
)
def test_what_cannot_be_reached_is_named(tmp_path, checkout, repository, branch, said):
    other = Checkout(tmp_path / "other.git", str(tmp_path / repository), branch)
    with pytest.raises(CheckoutError, match=said):
        other.fetch()


def test_hooks_of_the_mirror_never_run(tmp_path, checkout):
    checkout.fetch()
    mark = tmp_path / "ran"
    hook = tmp_path / "mirror.git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    checkout.push(checkout.fetch(), "healer/a-1")
    assert not mark.exists()


def test_text_that_is_no_utf8_is_left_out_of_sources(tmp_path, seed):
    (seed / "app" / "old.py").write_bytes(b"# \xff\n")
    made = Checkout(tmp_path / "m.git", str(tmp_path / "o.git"), "main")
    made.seed(seed)
    assert sorted(made.sources(made.fetch())) == ["app/main.py"]
