"""What follows when branches move: pull requests are synchronized, closed, or found to be merged by hand.

It moves no branch itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.github import life
from tests.github.git import NOBODY
from tests.github.state import Pull, now

if TYPE_CHECKING:
    from tests.github.repository import Repository


def refresh(repo: Repository, by: str) -> None:
    """Notice what became of the branches, however it was done, and let it show on the pull requests."""
    heads = repo.git.heads()
    before, repo.known = repo.known, heads
    for branch in sorted(before.keys() | heads.keys()):
        old, new = before.get(branch), heads.get(branch)
        if old != new:
            _moved(repo, branch, old, new, by)


def _moved(repo: Repository, branch: str, old: str | None, new: str | None, by: str) -> None:
    repo.pushed = now()
    forced = bool(old and new) and not repo.git.is_ancestor(str(old), str(new))
    repo.announce_push(branch, old or NOBODY, new or NOBODY, forced, by)
    for pull in repo.pulls:
        if pull.head == branch and pull.state == "closed":
            pull.force_pushed_while_closed |= forced or new is None
        elif pull.state == "closed":
            continue
        elif new is None:
            if branch in (pull.head, pull.base):
                life.close(repo, pull, by)
        elif pull.head == branch:
            _synchronize(repo, pull, new, by)
        elif pull.base == branch:
            _base_moved(repo, pull, new, by)


def _synchronize(repo: Repository, pull: Pull, new: str, by: str) -> None:
    before, pull.head_sha = pull.head_sha, new
    repo.git.set_ref(f"refs/pull/{pull.number}/head", new)
    pull.touch()
    if repo.git.is_ancestor(new, pull.base_sha):
        life.close(repo, pull, by)  # nothing is left of it
        return
    repo.announce_pull(pull, "synchronize", by, before=before, after=new)


def _base_moved(repo: Repository, pull: Pull, new: str, by: str) -> None:
    pull.base_sha = new
    if not repo.git.is_ancestor(pull.head_sha, new):
        return
    # Somebody merged it by hand and pushed the base.
    brought = repo.git.log("--first-parent", "--ancestry-path", f"{pull.head_sha}..{new}")
    mark_merged(pull, by, brought[-1] if brought else new)
    repo.announce_pull(pull, "closed", by)


def mark_merged(pull: Pull, by: str, tip: str) -> None:
    pull.state, pull.merged, pull.closed = "closed", True, now()
    pull.merged_by = pull.closed_by = by
    pull.merge_commit_sha = tip
    pull.touch()
