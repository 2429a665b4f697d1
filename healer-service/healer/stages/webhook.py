"""GitHub's webhooks: the signature, and where a delivery says that something happened. It stores and starts nothing.

https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
_NAME = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LOGIN = re.compile(r"[\w-]{1,60}(?:\[bot\])?", re.ASCII)
_LARGEST_ID = 2**63 - 1  # that a database takes
_OF_PULL_REQUEST = ("pull_request", "pull_request_review", "pull_request_review_comment")


@dataclass(frozen=True)
class Hint:
    """Where to look. Nothing that a delivery says is believed: what counts is what the forge answers then."""

    repository: str  # owner/name, in lower case
    repository_id: int | None
    number: int | None = None  # of a pull request
    head_sha: str | None = None
    branch: str | None = None
    by: str = ""  # login of who did it; "" when it is not told


class Check:
    """Whether `X-Hub-Signature-256` fits a raw body that comes in pieces."""

    def __init__(self, digest: str, secret: str) -> None:
        self._digest = digest
        self._hmac = hmac.new(secret.encode(), digestmod=hashlib.sha256)

    def feed(self, piece: bytes) -> None:
        self._hmac.update(piece)

    def fits(self) -> bool:
        """Compared in constant time."""
        return hmac.compare_digest(self._hmac.hexdigest(), self._digest)


def checking(header: str | None, secret: str) -> Check | None:
    """None where no body could fit: there is no secret, or the header is no signature."""
    said = _SIGNATURE.fullmatch(header or "")
    return Check(said[1], secret) if said and secret else None


def hint(event: str, payload: object) -> Hint | None:
    """None when it is about nothing that concerns a proposal, or does not say which repository."""
    repository = _part(payload, "repository")
    name = repository.get("full_name")
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        return None
    number, head_sha, branch = _place(event, payload)
    if number is None and head_sha is None and branch is None:
        return None
    by = _part(payload, "sender").get("login")
    login = by if isinstance(by, str) and _LOGIN.fullmatch(by) else ""
    return Hint(name.lower(), _number(repository.get("id")), number, head_sha, branch, login)


def _place(event: str, payload: object) -> tuple[int | None, str | None, str | None]:
    """Number, head and branch, as far as this kind of delivery tells."""
    if event in _OF_PULL_REQUEST:
        request = _part(payload, "pull_request")
        head = _part(request, "head")
        return _number(request.get("number")), _commit(head.get("sha")), _branch(head.get("ref"))
    if event == "issue_comment":
        issue = _part(payload, "issue")
        return (_number(issue.get("number")) if _part(issue, "pull_request") else None), None, None
    if event == "push":  # what it put there is no head that is known yet
        ref = _own(payload).get("ref")
        kind, _, name = ref.partition("refs/heads/") if isinstance(ref, str) else ("", "", "")
        return None, None, _branch(name) if not kind else None
    if event == "check_run":
        run = _part(payload, "check_run")
        return None, _commit(run.get("head_sha")), _branch(_part(run, "check_suite").get("head_branch"))
    if event == "check_suite":
        suite = _part(payload, "check_suite")
        return None, _commit(suite.get("head_sha")), _branch(suite.get("head_branch"))
    if event == "status":
        return None, _commit(_own(payload).get("sha")), None
    return None, None, None


def _own(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _part(value: object, key: str) -> Mapping[str, Any]:
    return _own(_own(value).get(key))


def _number(value: object) -> int | None:
    return value if type(value) is int and 0 < value <= _LARGEST_ID else None


def _commit(value: object) -> str | None:
    return value if isinstance(value, str) and _COMMIT.fullmatch(value) else None


def _branch(value: object) -> str | None:
    """Of a length and of characters that git and a database take."""
    if not isinstance(value, str) or not 0 < len(value) <= 244:
        return None
    return value if value.isprintable() and " " not in value else None
