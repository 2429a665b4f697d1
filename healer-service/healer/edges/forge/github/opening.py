"""Finds a branch's pull request, or opens it: as a draft where it can be one, and never a second time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import structlog
from github.PullRequest import PullRequest
from github.Repository import Repository

from healer.edges.forge.github.calls import Calls, Refusal
from healer.edges.forge.github.discussion import READ, WRITE
from healer.model import ForgeError, Proposal

log = structlog.get_logger()

LONGEST_TITLE = 256  # GitHub's bounds
LONGEST_TEXT = 65_000


def text_of(proposal: Proposal) -> tuple[str, str]:
    """Title and body."""
    return proposal.title[:LONGEST_TITLE], proposal.body[:LONGEST_TEXT]


def find(calls: Calls, repository: Repository, branch: str) -> PullRequest | None:
    """The newest open one of the branch, else the newest."""
    with calls.asking(f"look for a pull request of {branch} in {repository.full_name}", READ):
        owner = repository.full_name.partition("/")[0]
        found = [
            pull
            for pull in islice(repository.get_pulls(state="all", head=f"{owner}:{branch}"), 100)
            # A redirection loses the filter, and forks may have the same branch.
            if pull.head.ref == branch and pull.head.repo and pull.head.repo.full_name == repository.full_name
        ]
    return max(found, key=lambda pull: (pull.state == "open", pull.number), default=None)


def create(calls: Calls, repository: Repository, proposal: Proposal) -> PullRequest:
    base, draft = proposal.base, True
    while True:
        try:
            return _create_as(calls, repository, proposal, base, draft)
        except Refusal as error:
            if draft and error.status == 422 and "draft pull requests" in error.said.lower():
                draft = False
            elif error.status == 422 and "base is invalid" in error.said:
                before, base = base, _name_now(calls, repository, base)
                if base == before:
                    raise
            else:
                raise


def label(calls: Calls, pull: PullRequest, labels: Sequence[str]) -> None:
    there = {label.name.lower() for label in pull.labels}
    missing = [label for label in labels if label.lower() not in there]
    if not missing:
        return
    try:
        with calls.asking(f"label pull request #{pull.number}", WRITE, writes=True):
            pull.add_to_labels(*missing)
    except ForgeError as error:
        log.warning("a proposal stays without its labels", proposal=pull.number, reason=str(error))


def _create_as(calls: Calls, repository: Repository, proposal: Proposal, base: str, draft: bool) -> PullRequest:
    title, body = text_of(proposal)
    try:
        with calls.asking(f"open a pull request in {repository.full_name}", WRITE, writes=True):
            pull = repository.create_pull(base, proposal.branch, title=title, body=body, draft=draft)
            if not isinstance(pull.number, int):
                raise ValueError("it was redirected, and not done")
            return pull
    except Refusal as error:
        if not error.uncertain and (error.status != 422 or "already exists" not in error.said):
            raise
        with calls.asking(f"read the repository {repository.full_name}"):
            repository.update()  # it may have another name now
        found = find(calls, repository, proposal.branch)
        if found is None:
            raise
        return found


def _name_now(calls: Calls, repository: Repository, branch: str) -> str:
    """What a branch was renamed to since; its own name where it is simply not there."""
    try:
        with calls.asking(f"read the branch {branch} of {repository.full_name}", "Contents: read-only"):
            return repository.get_branch(branch).name
    except Refusal as error:
        if error.status != 404:
            raise
        return branch
