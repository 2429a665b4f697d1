"""The forge for a machine with no token: a git repository merged here, announced by the same webhook as on GitHub.

Proposals are reviewed on the healer's page; this keeps none of them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import httpx
import structlog

from healer.edges.forge import Standing
from healer.model import Proposal

log = structlog.get_logger()


class Merger(Protocol):
    """The part of a checkout that this forge needs."""

    def merge(self, head: str, message: str, when: str) -> str: ...
    def merged_as(self, head: str) -> str | None: ...
    def delete_branch(self, branch: str) -> None: ...


class LocalForge:
    """`webhook` is the address of the healer's own endpoint; `page` the address people see."""

    def __init__(self, merger: Merger, webhook: str, secret: str, page: str) -> None:
        self._merger = merger
        self._webhook = webhook
        self._secret = secret
        self._page = page

    def open(self, proposal: Proposal) -> Proposal:
        return replace(proposal, url=f"{self._page}/incidents/{proposal.incident_id}")

    def standing(self, proposal: Proposal) -> Standing:
        merged = self._merger.merged_as(proposal.head_sha)
        return Standing("merged", merged) if merged else Standing("open")

    def merge(self, proposal: Proposal, by: str) -> str:
        message = f"Merge proposal #{proposal.number}: {proposal.title}\n"
        merge_sha = self._merger.merge(proposal.head_sha, message, datetime.now(UTC).isoformat())
        self._announce(proposal, merge_sha, by)
        return merge_sha

    def close(self, proposal: Proposal, reason: str) -> None:
        self._merger.delete_branch(proposal.branch)
        self._announce(proposal, None, "operator")

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
