"""Whether and how a pull request is merged: protection, mergeability, the three methods.

The merges are git's, made in the bare repository.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.github import branches
from tests.github.git import Person
from tests.github.refusals import Refused
from tests.github.state import Protection, Pull

if TYPE_CHECKING:
    from tests.github.repository import Repository

WEB = Person("GitHub", "noreply@github.com")
METHODS = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}
TRUSTED = ("write", "maintain", "admin")


def missing_reviews(repo: Repository, pull: Pull) -> str | None:
    """Why protection of the base does not let it be merged yet."""
    protection = repo.protected.get(pull.base, Protection())
    latest = {review.by: review.state for review in pull.reviews if review.state in ("APPROVED", "CHANGES_REQUESTED")}
    counted = {by: state for by, state in latest.items() if repo.role(by) in TRUSTED}
    if protection.reviews and "CHANGES_REQUESTED" in counted.values():
        return "Changes were requested by a reviewer with write access."
    missing = protection.reviews - list(counted.values()).count("APPROVED")
    if missing <= 0:
        return None
    noun = "review is" if protection.reviews == 1 else "reviews are"
    return f"At least {protection.reviews} approving {noun} required by reviewers with write access."


def judge(repo: Repository, pull: Pull) -> None:
    """Mergeability is worked out after it was asked for: unknown at first, told from the next time on."""
    key = (pull.head_sha, pull.base_sha)
    if pull.state == "closed" or (pull.judged == key and pull.mergeable is not None):
        return
    if pull.judged != key:
        pull.judged, pull.mergeable = key, None
        return
    tree = repo.git.merged_tree(pull.base_sha, pull.head_sha)
    pull.mergeable = tree is not None
    if tree:
        text = f"Merge {pull.head_sha} into {pull.base_sha}"
        pull.merge_commit_sha = repo.git.commit_tree(tree, [pull.base_sha, pull.head_sha], text, WEB, WEB)


def merge(
    repo: Repository, pull: Pull, by: str, method: str, sha: str | None = None, title: str = "", message: str = ""
) -> str:
    if pull.state == "closed":
        raise Refused(405, "Pull Request is not mergeable")
    if pull.draft:
        raise Refused(405, "Pull Request is still a draft")
    if method not in repo.methods:
        raise Refused(405, f"{METHODS[method]} are not allowed on this repository.")
    if sha is not None and sha != pull.head_sha:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    reason = missing_reviews(repo, pull)
    if reason:
        raise Refused(405, reason)
    tip = _merged(repo, pull, by, method, title, message)
    if tip is None:
        raise Refused(405, "Pull Request is not mergeable")
    branches.mark_merged(pull, by, tip)
    repo.git.set_ref(f"refs/heads/{pull.base}", tip)
    branches.refresh(repo, by)
    repo.announce_pull(pull, "closed", by)
    if repo.delete_merged and pull.head in repo.git.heads():
        repo.git.delete_ref(f"refs/heads/{pull.head}")
        branches.refresh(repo, by)
    return tip


def _merged(repo: Repository, pull: Pull, by: str, method: str, title: str, message: str) -> str | None:
    """The new tip of the base, None on a conflict."""
    if method == "rebase":
        return repo.git.replayed(pull.base_sha, pull.head_sha, WEB)
    tree = repo.git.merged_tree(pull.base_sha, pull.head_sha)
    if tree is None:
        return None
    person = repo.hub.person(by)
    if method == "squash":
        text = f"{title or f'{pull.title} (#{pull.number})'}\n\n{message}".rstrip() + "\n"
        return repo.git.commit_tree(tree, [pull.base_sha], text, person, WEB)
    default = f"Merge pull request #{pull.number} from {repo.owner}/{pull.head}"
    text = f"{title or default}\n\n{message or pull.title}\n"
    return repo.git.commit_tree(tree, [pull.base_sha, pull.head_sha], text, person, WEB)
