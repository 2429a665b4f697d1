"""The corpora are whole: the numbers, the headers, and diffs that git can apply."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.patches.corpus import HERE, Patch, patches

RULES = range(1, 41)
REFUSED_BY_GIT_TOO = {20, 22, 23}  # the rules about paths, git's own files and binaries
BAD, GOOD = patches("bad"), patches("good")


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projects")
    ignored = shutil.ignore_patterns("__pycache__")
    return {
        project: shutil.copytree(project, folder / project.name, ignore=ignored)
        for project in (HERE / "projects").iterdir()
    }


def test_there_are_five_patches_for_each_rule():
    assert sorted(patch.name.rpartition("-")[2] + f" {patch.number:02d}" for patch in BAD) == sorted(
        f"{place} {number:02d}" for number in RULES for place in range(1, 6)
    )


def test_there_are_a_hundred_good_patches_and_a_quarter_comes_close_to_a_rule():
    assert [patch.number for patch in GOOD] == list(range(1, 101))
    near = [patch.near for patch in GOOD if patch.near]
    assert len(near) >= 25
    assert set(near) <= set(RULES)


def test_the_header_names_a_project_and_a_reason():
    assert [patch.name for patch in BAD + GOOD if not patch.project.is_dir() or not patch.why.endswith(".")] == []


def test_all_apply_that_git_may_apply(copies):
    assert {patch.number for patch in BAD if not patch.applies} <= REFUSED_BY_GIT_TOO
    assert all(patch.applies for patch in GOOD)
    failures = {}
    for patch in BAD + GOOD:
        if patch.applies:
            run = subprocess.run(
                ["git", "apply", "--check", "-p1", "-"],
                cwd=copies[patch.project],
                input=patch.diff.encode(),
                capture_output=True,
                check=False,
            )
            if run.returncode:
                failures[patch.name] = run.stderr.decode()
    assert failures == {}


def test_no_two_patches_are_equal():
    names: dict[str, str] = {}
    equal = [
        (patch.name, other)
        for patch in BAD + GOOD
        if (other := names.setdefault(_changes(patch), patch.name)) != patch.name
    ]
    assert equal == []


def _changes(patch: Patch) -> str:
    """What a diff adds and removes, less where and in which versions."""
    return "\n".join(line for line in patch.diff.splitlines() if not re.match(r"index |@@", line))
