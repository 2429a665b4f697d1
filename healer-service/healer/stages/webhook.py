"""GitHub's `pull_request` webhook: its signature and what it says. It stores and starts nothing.

https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Closed:
    """A pull request that was closed, merged or not."""

    repository: str  # owner/name
    number: int
    merged: bool
    merge_sha: str | None
    head_sha: str
    base: str
    by: str


def signed(body: bytes, header: str | None, secret: str) -> bool:
    """Whether `X-Hub-Signature-256` fits the raw body; compared in constant time."""
    if not secret or header is None or not header.startswith("sha256="):
        return False
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.removeprefix("sha256=").encode(errors="replace"))


def closed(event: str, payload: Mapping[str, Any]) -> Closed | None:
    """None when the delivery is about something else, or lacks what a closed pull request has."""
    if event != "pull_request" or payload.get("action") != "closed":
        return None
    try:
        request = payload["pull_request"]
        merged = request["merged"] is True
        return Closed(
            repository=str(payload["repository"]["full_name"]),
            number=int(request["number"]),
            merged=merged,
            # A request closed unmerged carries a merge commit as well: one that was only tried.
            merge_sha=str(request["merge_commit_sha"]) if merged else None,
            head_sha=str(request["head"]["sha"]),
            base=str(request["base"]["ref"]),
            by=str((payload.get("sender") or {}).get("login", "")),
        )
    except (KeyError, TypeError, ValueError):
        return None
