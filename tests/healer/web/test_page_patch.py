"""A patch on the page: all of it that git would apply is shown, in both layouts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.healer.web.canned import PROPOSAL, CannedHealer, incident

BEFORE = {
    "run.sh": "#!/bin/sh\n",
    "two.py": "x = 1\n",
    "old name.txt": "1\n2\n3\n4\n5\n",
    "end.py": "a\nb",
    "data": "\0",
}


@pytest.fixture
def patch(tmp_path: Path) -> str:
    """Of git itself: a mode, two names, a binary file, an empty one, and last lines without an end."""

    def git(*words: str) -> str:
        given = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path), *words]
        return subprocess.run(given, check=True, capture_output=True, text=True).stdout

    git("init", "--quiet")
    for name, text in BEFORE.items():
        (tmp_path / name).write_text(text)
    git("add", ".")
    git("commit", "--quiet", "--message", "before")
    git("mv", "two.py", "three.py")
    git("mv", "old name.txt", "new name.txt")
    (tmp_path / "run.sh").chmod(0o755)
    (tmp_path / "new name.txt").write_text("1\n2\n3\n4\n6")
    (tmp_path / "end.py").write_text("a\nc\n")
    (tmp_path / "data").write_text("\0\1")
    (tmp_path / "empty.py").touch()
    git("add", ".")
    return git("diff", "--cached", "--find-renames")


def lines(part: Locator) -> list[str]:
    return [text.strip() for text in part.locator(".line").all_text_contents()]


def test_all_of_a_patch_is_shown(page: Page, healer: CannedHealer, patch: str) -> None:
    healer.incident = incident(proposal=PROPOSAL | {"diff": patch}, verdicts=[])
    page.goto("/incidents/i1")
    names = page.locator("details.file > summary code")
    expect(names).to_have_text(["data", "empty.py", "end.py", "new name.txt", "run.sh", "three.py"])

    def change(name: str) -> list[str]:
        return lines(page.get_by_role("group", name=f"Change of {name}"))

    assert change("data") == ["Binary files a/data and b/data differ"]
    assert change("empty.py") == ["new file mode 100644"]
    assert change("run.sh") == ["old mode 100644", "new mode 100755"]
    assert change("three.py") == ["similarity index 100%", "rename from two.py", "rename to three.py"]
    assert change("end.py") == ["@@ -1,2 +1,2 @@", "a", "-b", "No newline at end of file", "+c"]
    renamed = change("new name.txt")
    assert renamed[1:3] == ["rename from old name.txt", "rename to new name.txt"]
    assert renamed[-2:] == ["+6", "No newline at end of file"]


def test_side_by_side_what_lacks_an_end_says_so_on_its_side(page: Page, healer: CannedHealer, patch: str) -> None:
    healer.incident = incident(proposal=PROPOSAL | {"diff": patch}, verdicts=[])
    page.goto("/incidents/i1")
    page.get_by_role("button", name="Side by side").click()

    def side(name: str) -> list[str]:
        return lines(page.get_by_role("group", name=name))

    assert side("end.py before")[1:] == ["a", "-b", "No newline at end of file"]
    assert side("end.py after")[1:] == ["a", "+c", ""]
    assert side("new name.txt before")[-2:] == ["-5", ""]
    assert side("new name.txt after")[-2:] == ["+6", "No newline at end of file"]
    assert side("run.sh before") == side("run.sh after") == ["old mode 100644", "new mode 100755"]
