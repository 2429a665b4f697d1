"""What people changed, laid on another commit or told; and what no change of ours touches: links, submodules, LFS."""

import io
import tarfile

import pytest
from healer.edges.checkout import Checkout
from healer.model import Change, CheckoutError

from tests.healer.edges.git_server import Origin

WHEN = "2026-01-02T03:04:05Z"
LINES = "".join(f"line {number}\n" for number in range(1, 9))
SUBMODULE = "1" * 40
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "2" * 64 + "\nsize 12345\n"
RUNS = '[filter "lfs"]\n\tsmudge = touch {0}\n\tclean = touch {0}\n[merge "own"]\n\tdriver = touch {0}\n'


@pytest.fixture
def origin(tmp_path):
    made = Origin(tmp_path / "origin.git")
    special = {"vendor": ("160000", SUBMODULE), "latest": ("120000", "app.py"), "model.bin": POINTER}
    attributes = "*.bin filter=lfs diff=lfs merge=lfs -text\n*.py merge=own\n"
    made.commit("main", {"app.py": LINES, "other.py": "y = 1\n", ".gitattributes": attributes, **special})
    return made


@pytest.fixture
def checkout(tmp_path, origin):
    made = Checkout(tmp_path / "m.git", str(origin.path), "main")
    made.fetch()
    return made


def tree(origin, commit: str) -> dict[str, str]:
    lines = origin.git("ls-tree", "-r", commit).splitlines()
    return {path: entry for entry, _, path in (line.partition("\t") for line in lines)}


def test_a_fix_is_laid_on_a_base_that_moved(checkout, origin):
    base = checkout.fetch()
    fixed = {"app.py": LINES.replace("line 2", "line two"), "tests/test_new.py": "def test(): ...\n"}
    head = checkout.commit(base, fixed, "Fix\n", WHEN)
    moved = origin.commit("main", {"app.py": LINES.replace("line 7", "line seven"), "other.py": "y = 2\n"})
    checkout.fetch()
    both = LINES.replace("line 2", "line two").replace("line 7", "line seven")
    assert checkout.laid_on(base, head, moved) == {"app.py": both, "tests/test_new.py": "def test(): ...\n"}
    assert checkout.laid_on(base, head, head) == {}


def test_a_fix_is_laid_on_a_base_that_was_rewritten_or_renamed_the_file(checkout, origin):
    base = checkout.fetch()
    head = checkout.commit(base, {"app.py": LINES.replace("line 2", "line two")}, "Fix\n", WHEN)
    moved = origin.commit("main", {"core/app.py": LINES.replace("line 7", "line seven")}, onto="")
    checkout.fetch()
    both = LINES.replace("line 2", "line two").replace("line 7", "line seven")
    assert checkout.laid_on(base, head, moved) == {"core/app.py": both}


def test_a_conflict_is_none(checkout, origin):
    base = checkout.fetch()
    head = checkout.commit(base, {"app.py": LINES.replace("line 2", "line two")}, "Fix\n", WHEN)
    moved = origin.commit("main", {"app.py": LINES.replace("line 2", "line 2b")})
    checkout.fetch()
    assert checkout.laid_on(base, head, moved) is None


def test_what_is_more_than_text_is_not_laid_on(checkout, origin):
    base = checkout.fetch()
    for files, said in (
        ({"other.py": None}, "other.py is deleted"),
        ({"other.py": b"\xff\xfe"}, "other.py is no text"),
        ({"other.py": "y\0"}, "other.py is no text"),
        ({"other.py": ("100755", "y = 1\n")}, "other.py changes its mode from 100644 to 100755"),
        ({"latest": ("120000", "other.py")}, "latest is no file, but has the mode 120000"),
        ({"vendor": ("160000", "3" * 40)}, "vendor is no file, but has the mode 160000"),
        ({"run.sh": ("100755", "true\n")}, "run.sh changes its mode from nothing to 100755"),
    ):
        origin.commit("healer/a-1", files, onto=base)
        with pytest.raises(CheckoutError, match=said):
            checkout.laid_on(base, checkout.bring("healer/a-1"), base)


def test_what_changed_between_two_commits_is_told(checkout, origin):
    base = checkout.fetch()
    files = {"app.py": None, "other.py": "y = 2\n", "new.py": ("100755", "z = 1\n"), "picture.png": b"\0\xff"}
    links = {"latest": ("120000", "new.py"), "vendor": ("160000", "3" * 40)}
    origin.commit("main", {**files, **links})
    assert set(checkout.changed(base, checkout.fetch())) == {
        Change("app.py", LINES, "", "100644", ""),
        Change("other.py", "y = 1\n", "y = 2\n"),
        Change("new.py", "", "z = 1\n", "", "100755"),
        Change("latest", "app.py", "new.py", "120000", "120000"),
        Change("vendor", f"{SUBMODULE}\n", "3" * 40 + "\n", "160000", "160000"),
    }


def test_what_a_diff_of_texts_does_not_show_is_named(checkout, origin):
    base = checkout.fetch()
    special = {"latest": ("120000", "new.py"), "vendor": ("160000", "3" * 40), "run.sh": ("100755", "true\n")}
    odd = {"picture.png": b"\0\xff", "long.py": "#" * 1_000_001, "other.py": ("100755", "y = 1\n")}
    origin.commit("main", {"app.py": None, "new.py": "z = 1\n", **special, **odd})
    assert checkout.unshown(base, checkout.fetch()) == (
        "latest (a link)",
        "long.py (not text, or too large)",
        "other.py (executable)",
        "picture.png (not text, or too large)",
        "run.sh (executable)",
        "vendor (a submodule)",
    )


def test_links_submodules_and_pointers_stay_and_no_program_runs(monkeypatch, tmp_path, checkout, origin):
    mark, home = tmp_path / "ran", tmp_path / "user"
    home.mkdir()
    (home / ".gitconfig").write_text(RUNS.format(mark))
    monkeypatch.setenv("HOME", str(home))
    base = checkout.fetch()
    before = tree(origin, base)
    head = checkout.commit(base, {"app.py": LINES.replace("line 2", "line two")}, "Fix\n", WHEN)
    origin.commit("main", {"app.py": LINES.replace("line 7", "line seven")})
    assert set(checkout.laid_on(base, head, checkout.fetch())) == {"app.py"}
    merged = checkout.merge(head, "Merge\n", WHEN)
    for commit in (head, merged):
        checkout.push(commit, f"healer/{commit}")
        after = tree(origin, commit)
        assert {path for path in before if after[path] != before[path]} == {"app.py"}
    checkout.export(merged, tmp_path / "release")
    with tarfile.open(fileobj=io.BytesIO(checkout.tar(merged))) as archive:
        names = sorted(archive.getnames())
    assert names == sorted(path.name for path in (tmp_path / "release").iterdir())
    assert names == [".gitattributes", "app.py", "model.bin", "other.py"]
    assert (tmp_path / "release" / "model.bin").read_text() == POINTER
    assert not mark.exists()


def test_others_who_committed_are_named_once(checkout, origin):
    base = checkout.fetch()
    checkout.push(checkout.commit(base, {"app.py": "x\n"}, "Fix\n", WHEN), "healer/a-1")
    for by, mail, author in (
        ("Bob", "bob@example.org", None),
        ("GitHub", "noreply@github.com", "Eve <eve@example.org> 1767323045 +0000"),
        ("ann@example.org", "ann@example.org", None),
        ("Bob", "bob@example.org", None),
    ):
        origin.commit("healer/a-1", {"app.py": by + mail}, by=by, mail=mail, author=author)
    assert checkout.authors(base, checkout.bring("healer/a-1")) == ("Bob", "Eve", "somebody")
    assert checkout.authors(base, base) == ()


def test_subjects_are_without_merges_newest_first(checkout, origin):
    base = checkout.fetch()
    head = checkout.commit(base, {"app.py": "x\n"}, "Fix the thing\n\nBecause.\n", WHEN)
    origin.commit("main", {"other.py": "y = 2\n"}, message="Tell (#12) ann@example.org")
    merged = checkout.merge(head, "Merge\n", WHEN)
    assert set(checkout.subjects(merged)) == {"Fix the thing", "Tell (#12)", "Change"}
    assert checkout.subjects(merged)[-1] == "Change"
    assert checkout.subjects(head, 1) == ("Fix the thing",)


def test_one_text_is_read_or_there_is_none(checkout, origin):
    origin.commit("main", {"a/b.txt": "ü\n", "bad.txt": b"\xff", "large.txt": "a" * 200_001})
    tip = checkout.fetch()
    assert checkout.text(tip, "a/b.txt") == "ü\n"
    for path in ("a", "a/c.txt", "app.py/x", "latest", "vendor", "vendor/x", "bad.txt", "large.txt", "../app.py", ""):
        assert checkout.text(tip, path) is None


def test_two_commits_part_somewhere(checkout, origin):
    base = checkout.fetch()
    head = checkout.commit(base, {"app.py": "x\n"}, "Fix\n", WHEN)
    moved = origin.commit("main", {"other.py": "y = 2\n"})
    checkout.fetch()
    assert checkout.fork(moved, head) == base
