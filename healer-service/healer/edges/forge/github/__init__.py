"""GitHub, and GitHub Enterprise, as a forge: proposals are pull requests there. It stores nothing and never waits.

What GitHub refuses, and whatever fails on the way, is raised as ForgeError; the caller comes again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from github.PullRequest import PullRequest
from github.Repository import Repository

from healer.edges.forge import Limits, Standing
from healer.edges.forge.github import checks, examination, merging, opening, reviewers
from healer.edges.forge.github.calls import Calls, Refusal
from healer.edges.forge.github.discussion import WRITE, Discussion, say
from healer.edges.forge.github.examination import Finding
from healer.model import Conflict, ForgeError, Proposal, Remark

GAP = 0.5  # seconds between two requests that write
REPOSITORY_SECONDS = 600.0  # after which it is asked for its name and rules again
KEPT = 300  # pull requests whose last state is remembered, so that an unchanged one costs nothing

_WRITERS = ("admin", "maintain", "write")


class GitHub:
    """`api` is the base address of the REST API, `repository` owner/name. The first call makes the first request."""

    kind = "github"

    def __init__(self, api: str, repository: str, token: str, *, timeout: int = 15, gap: float = GAP) -> None:
        self._name = repository
        self._calls = Calls(api, token, timeout, gap)
        self._known: Repository | None = None
        self._asked = 0.0  # when, of time.monotonic()
        self._pulls: dict[int, PullRequest] = {}
        self._discussions: dict[int, Discussion] = {}
        self._own_login: str | None = None

    def open(self, proposal: Proposal, labels: Sequence[str]) -> Proposal:
        repository = self._repository()
        pull = opening.find(self._calls, repository, proposal.branch)
        if pull is None:
            pull = opening.create(self._calls, repository, proposal)
        if pull.state == "open":
            opening.label(self._calls, pull, labels)
        merged = pull.merged_at is not None
        return replace(
            proposal,
            number=pull.number,
            url=pull.html_url,
            state="merged" if merged else pull.state,
            merge_sha=pull.merge_commit_sha if merged else None,
        )

    def update(self, proposal: Proposal) -> None:
        pull = self._pull(proposal)
        title, body = opening.text_of(proposal)
        if pull.title == title and (pull.body or "").replace("\r\n", "\n") == body:
            return
        with self._calls.asking(f"change the text of {self._of(proposal)}", WRITE, writes=True):
            pull.edit(title=title, body=body)

    def standing(self, proposal: Proposal) -> Standing:
        pull = self._pull(proposal)
        with self._calls.asking(f"read {self._of(proposal)}"):
            return Standing(
                state="merged" if pull.merged else pull.state,
                head_sha=pull.head.sha,
                base=pull.base.ref,
                merge_sha=pull.merge_commit_sha if pull.merged else None,
                by=pull.merged_by.login if pull.merged and pull.merged_by else "",
                draft=bool(pull.draft),
                conflicting=pull.mergeable is False,
                updated_at=self._discussion(pull.number).settled(pull),
            )

    def checks(self, proposal: Proposal) -> str:
        commit = self._repository().get_commit(proposal.head_sha)
        return checks.result(self._calls, commit, proposal.head_sha)

    def remarks(self, proposal: Proposal) -> tuple[Remark, ...]:
        pull = self._pull(proposal)
        return self._discussion(pull.number).remarks(self._calls, pull)

    def may_write(self, login: str) -> bool:
        if not reviewers.LOGIN.fullmatch(login):  # a bot's ends in [bot]
            return False
        repository = self._repository()
        try:
            with self._calls.asking(f"read what {login} may do in {self._name}", "Metadata: read-only"):
                return repository.get_collaborator_permission(login) in _WRITERS
        except Refusal as error:
            if error.status == 404:
                return False
            raise

    def say(self, proposal: Proposal, key: str, text: str) -> None:
        say(self._calls, self._pull(proposal), self._login(), key, text[: opening.LONGEST_TEXT])

    def ready(self, proposal: Proposal) -> None:
        self._make_ready(self._pull(proposal))

    def ask_review(self, proposal: Proposal, owners: Sequence[str], suspect: str) -> str:
        return reviewers.ask(self._calls, self._repository(), self._pull(proposal), owners, suspect)

    def merge(self, proposal: Proposal, by: str) -> str:
        pull = self._pull(proposal)
        if pull.merged:
            return pull.merge_commit_sha
        if pull.state != "open":
            raise Conflict(f"{self._of(proposal)} is closed")
        if pull.head.sha != proposal.head_sha:
            raise Conflict(f"{self._of(proposal)} has other commits now than those that were approved")
        self._make_ready(pull)
        return merging.merge(self._calls, self._repository(), pull, proposal, by)

    def close(self, proposal: Proposal, reason: str, by: str) -> None:
        if not self._pull(proposal).merged:
            self.say(proposal, "closed", reason)
        merging.close(self._calls, self._repository(), self._pull(proposal), proposal)
        self._pulls.pop(proposal.number, None)  # its ETag is that of before, when it was as it will be once reopened

    def limits(self) -> Limits:
        return self._calls.allowance.limits

    def examine(self, branch: str | None, webhook: str) -> Iterator[Finding]:
        """For the doctor; it changes nothing. `branch`: the one to merge into, None for the repository's default."""
        return examination.examine(self._calls, self._name, branch, webhook)

    def _of(self, proposal: Proposal) -> str:
        return f"pull request #{proposal.number} of {self._name}"

    def _repository(self) -> Repository:
        """As it is called now: what writes is not redirected when it was renamed. Unchanged, it costs nothing."""
        if self._known is not None and time.monotonic() - self._asked < REPOSITORY_SECONDS:
            return self._known
        with self._calls.asking(f"read the repository {self._name}", "Metadata: read-only"):
            repository = self._known or self._calls.hub.get_repo(self._name)
            repository.update()
        self._known, self._asked = repository, time.monotonic()
        return repository

    def _pull(self, proposal: Proposal) -> PullRequest:
        """As it stands now. Unchanged, it costs nothing."""
        repository = self._repository()
        try:
            with self._calls.asking(f"read {self._of(proposal)}", "Pull requests: read-only"):
                pull = self._pulls.get(proposal.number) or repository.get_pull(proposal.number)
                pull.update()
        except Refusal as error:
            if error.status == 404:
                self._known = None
                gone = (
                    f"{self._of(proposal)} is not there: it or the repository was deleted, or the token may not see it"
                )
                raise ForgeError(gone) from None
            raise
        if pull.head.ref != proposal.branch:  # somebody made a new repository of the same name
            raise ForgeError(f"{self._of(proposal)} is not of the branch {proposal.branch}, but of another one")
        self._pulls[proposal.number] = pull
        if len(self._pulls) > KEPT:
            oldest = next(iter(self._pulls))
            del self._pulls[oldest]
            self._discussions.pop(oldest, None)
        return pull

    def _discussion(self, number: int) -> Discussion:
        return self._discussions.setdefault(number, Discussion())

    def _make_ready(self, pull: PullRequest) -> None:
        if not pull.draft:
            return
        what = f"mark pull request #{pull.number} of {self._name} as ready for review"
        with self._calls.asking(what, WRITE, writes=True, graphql=True):
            pull.mark_ready_for_review()

    def _login(self) -> str:
        """Our own; "" for a token that belongs to nobody."""
        if self._own_login is None:
            try:
                with self._calls.asking("read whose token it is"):
                    self._own_login = self._calls.hub.get_user().login
            except Refusal as error:
                if error.status not in (403, 404):
                    raise
                self._own_login = ""
        return self._own_login


__all__ = ["Finding", "GitHub"]
