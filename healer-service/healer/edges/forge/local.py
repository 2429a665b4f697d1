"""The forge for a machine with no token: a git repository merged here, announced by the same webhook as on GitHub.

Proposals are reviewed on the healer's page, and what is said about them is in its store; this keeps none of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import httpx
import structlog

from healer.edges.forge import Limits, Standing
from healer.model import Conflict, Proposal, Remark

log = structlog.get_logger()


class Repository(Protocol):
    """The part of a checkout that this forge needs."""

    @property
    def branch(self) -> str: ...
    def merge(self, head: str, message: str, when: str) -> str: ...
    def merged_as(self, head: str) -> str | None: ...
    def tip(self, branch: str) -> str | None: ...
    def delete_branch(self, branch: str, expected: str | None = None) -> None: ...


class LocalForge:
    """`webhook` is the address of the healer's own endpoint; `page` the address people see."""

    kind = "local"

    def __init__(self, repository: Repository, webhook: str, secret: str, page: str) -> None:
        self._repository = repository
        self._webhook = webhook
        self._secret = secret
        self._page = page

    def open(self, proposal: Proposal, labels: Sequence[str]) -> Proposal:
        about = f"incidents/{proposal.incident_id}" if proposal.incident_id else f"services/{proposal.service}"
        return replace(proposal, url=f"{self._page}/{about}")

    def update(self, proposal: Proposal) -> None:
        """Its text is in the store, where the page takes it from."""

    def standing(self, proposal: Proposal) -> Standing:
        tip = self._repository.tip(proposal.branch)
        head = tip or proposal.head_sha
        merged = self._repository.merged_as(head)
        if merged:
            return Standing("merged", head, self._repository.branch, merged)
        return Standing("open" if tip else "closed", head, self._repository.branch)

    def checks(self, proposal: Proposal) -> str:
        return "none"

    def remarks(self, proposal: Proposal) -> tuple[Remark, ...]:
        return ()

    def may_write(self, login: str) -> bool:
        return True

    def say(self, proposal: Proposal, key: str, text: str) -> None:
        """What the healer says is in the store already."""

    def ready(self, proposal: Proposal) -> None:
        """There are no drafts here."""

    def ask_review(self, proposal: Proposal, owners: Sequence[str], suspect: str) -> str:
        return ""

    def merge(self, proposal: Proposal, by: str) -> str:
        tip = self._repository.tip(proposal.branch)
        if tip is not None and tip != proposal.head_sha:
            raise Conflict(f"{proposal.branch} is at {tip[:10]} by now, not at {proposal.head_sha[:10]}; look again")
        message = f"Merge proposal #{proposal.number}: {proposal.title}\n"
        merge_sha = self._repository.merge(proposal.head_sha, message, datetime.now(UTC).isoformat())
        self._announce(proposal, merge_sha, by)
        return merge_sha

    def close(self, proposal: Proposal, reason: str, by: str) -> None:
        tip = self._repository.tip(proposal.branch)
        if tip is None:
            return
        if tip == proposal.head_sha:
            self._repository.delete_branch(proposal.branch, proposal.head_sha)
        self._announce(proposal, None, by)

    def limits(self) -> Limits:
        return Limits()

    def _announce(self, proposal: Proposal, merge_sha: str | None, by: str) -> None:
        """Deliver the webhook. One that gets lost is made up for by polling, as with GitHub."""
        payload = {
            "action": "closed",
            "number": proposal.number,
            "pull_request": {
                "number": proposal.number,
                "merged": merge_sha is not None,
                "merge_commit_sha": merge_sha,
                "merged_by": {"login": by} if merge_sha else None,
                "head": {"ref": proposal.branch, "sha": proposal.head_sha},
                "base": {"ref": proposal.base},
            },
            "repository": {"full_name": f"local/{proposal.service}"},
            "sender": {"login": by},
        }
        body = json.dumps(payload).encode()
        seed = f"{proposal.service}#{proposal.number}:{merge_sha}".encode()
        headers = {
            "content-type": "application/json",
            "x-github-event": "pull_request",
            "x-github-delivery": hashlib.sha256(seed).hexdigest()[:36],
            "x-hub-signature-256": "sha256=" + hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest(),
        }
        try:
            httpx.post(self._webhook, content=body, headers=headers, timeout=5, trust_env=False).raise_for_status()
        except httpx.HTTPError as error:
            log.warning("webhook not delivered; the next poll will find the merge", error=str(error))
