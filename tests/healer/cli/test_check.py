"""`healer check`: patches as git, diff and people make them, and those made to reach further."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from healer.cli import app
from healer.cli.checking import findings_of
from healer.model import BadInput
from typer.testing import CliRunner

APP = (
    "import os\n\n\ndef mean(prices):\n    return sum(prices) / len(prices)\n\n\n"
    "def first(prices):\n    return prices[0]\n"
)
GIT = """diff --git a/app.py b/app.py
index 1111111..2222222 100644
--- a/app.py
+++ b/app.py
@@ -2,5 +2,7 @@ import os
 
 
 def mean(prices):
+    if not prices:
+        return 0
     return sum(prices) / len(prices)
 
"""
NAMED = "--- {0}\n+++ {0}\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    return folder


def numbers(project: Path, patch: str) -> set[int]:
    before = sorted((path, path.lstat().st_mtime_ns) for path in project.parent.rglob("*"))
    found = {one.number for one in findings_of(project, patch)}
    assert sorted((path, path.lstat().st_mtime_ns) for path in project.parent.rglob("*")) == before
    return found


PLAIN = GIT.partition("100644\n")[2]
WAYS = {
    "git": GIT,
    "diff -u": PLAIN.replace("a/app.py", "old/app.py\t2026-01-01 10:00:00").replace(
        "b/app.py", "new/app.py\t2026-01-02"
    ),
    "without prefix": PLAIN.replace("a/app.py", "app.py").replace("b/app.py", "app.py"),
    "words before it": f"Project: x\nWhy: it divides by nothing\n\n{GIT}",
    "Windows": GIT.replace("\n", "\r\n"),
    "counts by hand": GIT.replace("-2,5 +2,7", "-2,4 +2,9"),
    "no new line at the end": GIT.rstrip("\n"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_patch_however_it_was_made(project: Path, way: str) -> None:
    assert numbers(project, WAYS[way]) == set()
    assert numbers(project, WAYS[way].replace("return 0", "os.abort()")) == {31}


def test_a_source_with_line_ends_of_windows(project: Path) -> None:
    (project / "app.py").write_bytes(APP.replace("\n", "\r\n").encode())
    assert numbers(project, GIT) == set()


def test_new_deleted_renamed_and_quoted_files(project: Path) -> None:
    (project / "sömmer.py").write_text("x = 1\n")
    new = "diff --git a/more.py b/more.py\nnew file mode 100644\n--- /dev/null\n+++ b/more.py\n@@ -0,0 +1 @@\n+y = 1\n"
    assert numbers(project, new) == set()
    assert numbers(project, new.replace("100644", "100755")) == {21}
    gone = "diff --git a/app.py b/app.py\ndeleted file mode 100644\n--- a/app.py\n+++ /dev/null\n@@ -1,9 +0,0 @@\n"
    assert 37 in numbers(project, gone + "".join(f"-{line}\n" for line in APP.splitlines()))
    moved = "diff --git a/app.py b/main.py\nsimilarity index 100%\nrename from app.py\nrename to main.py\n"
    assert 37 in numbers(project, moved)
    quoted = NAMED.format('"a/s\\303\\266mmer.py"').replace('+++ "a/', '+++ "b/')
    assert numbers(project, quoted) == set()
    assert numbers(project, quoted.replace("x = 2", "x = eval('2')")) == {6}
    bare = (
        NAMED.format("a/sömmer.py")
        .replace("+++ a/", "+++ b/")
        .replace("+x = 2\n", "+x = 2\n\\ No newline at end of file\n")
    )
    assert numbers(project, bare) == set()


MODE = "diff --git a/app.py b/app.py\nold mode 100644\nnew mode 100755\n"
LINK = (
    "diff --git a/l.py b/l.py\nnew file mode 120000\n--- /dev/null\n+++ b/l.py\n"
    "@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n"
)
SUBMODULE = (
    "diff --git a/sub b/sub\nnew file mode 160000\n--- /dev/null\n+++ b/sub\n"
    "@@ -0,0 +1 @@\n+Subproject commit 1111111111111111111111111111111111111111\n"
)
BINARY = (
    "diff --git a/a.bin b/a.bin\nnew file mode 100644\nindex 0000000..1111111\n"
    "GIT binary patch\nliteral 4\nLcmZQzWMT#Y01f~L\n\nliteral 0\nHcmV?d00001\n\n"
)


@pytest.mark.parametrize(
    ("number", "patch"),
    [
        (20, NAMED.format("a/../../outside.py")),
        (20, NAMED.format("/etc/hosts.py")),
        (20, NAMED.format('"a/..\\057..\\057outside.py"')),
        (22, NAMED.format("a/.git/config")),
        (22, NAMED.format("a/sub/.GIT/hooks/pre-commit")),
        (21, MODE),
        (21, LINK),
        (22, SUBMODULE),
        (23, BINARY),
        (23, "diff --git a/a.png b/a.png\nindex 1111111..2222222 100644\nBinary files a/a.png and b/a.png differ\n"),
    ],
)
def test_what_must_not_be_applied_is_a_finding(project: Path, number: int, patch: str) -> None:
    assert number in numbers(project, patch)
    assert {number, 31} <= numbers(project, patch + GIT.replace("return 0", "os.abort()"))


def test_a_link_in_the_project_is_not_followed(project: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("x = 1\n")
    (project / "inside.py").symlink_to(tmp_path / "outside.py")
    assert 21 in numbers(project, NAMED.format("a/inside.py"))


def test_lines_that_look_like_headers_stay_lines(project: Path) -> None:
    (project / "notes.txt").write_text("-- a/app.py\n++ b/app.py\nend\n")
    patch = "--- a/notes.txt\n+++ b/notes.txt\n@@ -1,3 +1,3 @@\n--- a/app.py\n-++ b/app.py\n+--- c\n+more\n end\n"
    assert numbers(project, patch) == set()


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ("", "holds no change"),
        ("just words\n", "holds no change"),
        (GIT.replace(" def mean", " def median"), "app.py: hunk 1"),
        (GIT.replace("app.py", "other.py"), "other.py"),
        (GIT[: GIT.index("     return")] + "?\n", "does not apply"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(project: Path, patch: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        findings_of(project, patch)
    assert "\n" not in str(caught.value)


def test_imports_are_known_from_the_project(project: Path) -> None:
    patch = GIT.replace("+    if not prices:", "+    import attrs\n+    if not prices:").replace("+2,7", "+2,8")
    assert numbers(project, patch) == {11}
    (project / "requirements.txt").write_text("attrs>=23\n")
    assert numbers(project, patch) == set()


def test_the_command(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.patch").write_text(GIT)
    (tmp_path / "bad.patch").write_text(
        GIT.replace("return 0", "time.sleep(1)").replace("+    if", "+    import time\n+    if").replace("+2,7", "+2,8")
    )
    run = CliRunner().invoke
    accepted = run(app, ["check", str(project), "--patch", "good.patch"])
    assert (accepted.exit_code, "accepted" in accepted.stdout) == (0, True)
    refused = run(app, ["check", str(project), "--patch", "bad.patch"])
    assert (refused.exit_code, "29 sleep" in refused.stdout) == (3, True)
    assert "refused: 1 finding of 1 rule" in refused.stdout
    as_json = run(app, ["check", str(project), "--patch", "bad.patch", "--json"])
    document = json.loads(as_json.stdout)
    (found,) = document["findings"]
    assert (document["accepted"], found["rule"], found["number"], found["file"]) == (False, "sleep", 29, "app.py")
    assert found["line"] == 7 and found["reason"]

    (tmp_path / "healer.toml").write_text(
        '[services.shop]\nrepository = "x.git"\n[services.shop.guardrails]\nallow_rules = ["sleep"]\n'
    )
    assert run(app, ["check", str(project), "--patch", "bad.patch", "--service", "shop"]).exit_code == 0
    for arguments in (["--patch", "none.patch"], ["--patch", "bad.patch", "--service", "shoop"]):
        assert isinstance(run(app, ["check", str(project), *arguments]).exception, BadInput)
    assert isinstance(run(app, ["check", "nowhere", "--patch", "bad.patch"]).exception, BadInput)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('allow_rules = ["slep"]', "is 'sleep' meant"),
        ('allow_rules = ["secret"]', "can never be off"),
        ('allow_calls = ["httpx get"]', "'httpx.get'"),
        ('allow_files = ["/etc/*"]', "inside the repository"),
        ('allow_files = ["*"]', "inside the repository"),
        ("max_lines = 0", "max_lines"),
    ],
)
def test_settings_are_checked_at_the_start(project: Path, settings: str, said: str) -> None:
    from healer.settings import load_settings

    config = project / "healer.toml"
    config.write_text(f'[services.shop]\nrepository = "x.git"\n[services.shop.guardrails]\n{settings}\n')
    with pytest.raises(BadInput, match=said):
        load_settings({"HEALER_CONFIG": str(config), "HEALER_HOME": str(project / "home")})
    config.write_text('[services.shop]\nrepository = "x.git"\nmax_lines = 5\n')
    with pytest.raises(BadInput, match="belongs in the table guardrails"):
        load_settings({"HEALER_CONFIG": str(config), "HEALER_HOME": str(project / "home")})
