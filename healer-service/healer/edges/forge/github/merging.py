"""The end of a pull request: merged as the repository allows it, or closed and its branch deleted."""

from __future__ import annotations

from collections.abc import Iterator

from github.PullRequest import PullRequest
from github.Repository import Repository

from healer.edges.forge.github import words
from healer.edges.forge.github.calls import Calls, Refusal
from healer.model import Conflict, ForgeError, Proposal

_MERGE = "Contents: read and write"
_CLOSE = "Pull requests: read and write"


def merge(calls: Calls, repository: Repository, pull: PullRequest, proposal: Proposal, by: str) -> str:
    """The commit that brought it in. `pull` is up to date, open and no draft."""
    what = f"merge pull request #{pull.number}"
    refused = "it allows no way to merge"
    for method in _methods(repository):
        try:
            with calls.asking(what, _MERGE, writes=True):
                if method == "merge":  # the message of a squash holds the commit's trailers
                    message = f"{proposal.title}\n\nApproved by {words.line(by, 100)}."
                    done = pull.merge(message, merge_method=method, sha=proposal.head_sha)
                else:
                    done = pull.merge(merge_method=method, sha=proposal.head_sha)
                if done.merged and done.sha:
                    return done.sha
        except Refusal as error:
            if error.status == 405 and "not allowed on this repository" in error.said:
                refused = error.said
                continue
            if not error.uncertain:
                raise _conflict(pull, error) from None
            merged = _merged_as(calls, pull, what)
            if merged is None:
                raise
            return merged
        merged = _merged_as(calls, pull, what)
        if merged is not None:
            return merged
        refused = "GitHub says that it was done, but it was not"
    raise Conflict(f"GitHub does not merge pull request #{pull.number}: {refused}")


def close(calls: Calls, repository: Repository, pull: PullRequest, proposal: Proposal) -> None:
    """Unmerged. The branch goes only while it is as we left it."""
    if pull.merged:
        raise ForgeError(f"pull request #{pull.number} is merged: it cannot be closed unmerged any more")
    if pull.state == "open":
        with calls.asking(f"close pull request #{pull.number}", _CLOSE, writes=True):
            pull.edit(state="closed")
    what = f"delete the branch {proposal.branch}"
    try:
        with calls.asking(what, _MERGE):
            ref = repository.get_git_ref(f"heads/{proposal.branch}")
            ref.update()
            ours = ref.object.sha == proposal.head_sha
        if ours:
            with calls.asking(what, _MERGE, writes=True):
                ref.delete()
    except Refusal as error:
        if error.status not in (404, 422):  # it is gone already
            raise


def _methods(repository: Repository) -> Iterator[str]:
    """Those that the repository does not forbid; some tokens are not told, and have to try."""
    allowed = {
        "merge": repository.allow_merge_commit,
        "squash": repository.allow_squash_merge,
        "rebase": repository.allow_rebase_merge,
    }
    return (method for method, may in allowed.items() if may is not False)


def _merged_as(calls: Calls, pull: PullRequest, what: str) -> str | None:
    with calls.asking(what):
        pull.update()
        return pull.merge_commit_sha if pull.merged else None


def _conflict(pull: PullRequest, error: Refusal) -> Exception:
    ruled = error.status == 403 and any(word in error.said.lower() for word in ("protected", "rule"))
    if error.status in (405, 409, 422) or ruled:
        return Conflict(f"GitHub does not merge pull request #{pull.number}: {error.said}")
    return error
