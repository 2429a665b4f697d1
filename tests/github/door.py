"""The door to both APIs: who asks, whether a limit keeps them out, and the headers of each answer.

What is asked is for the REST API and GraphQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.github.limits import PRIMARY, SECONDARY
from tests.github.refusals import Refused
from tests.github.routing import Answer
from tests.github.state import Token

if TYPE_CHECKING:
    from tests.github.fake import FakeGitHub

DOCS = "https://docs.github.com/rest"
VERSION = "2022-11-28"  # the one that is served; later ones leave out merge_commit_sha
FORBIDDEN = "Resource not accessible by personal access token"
NO_USER_AGENT = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."


@dataclass(frozen=True)
class Heard:
    """A request as it came, with its path as the API's description writes it."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD")

    @property
    def credentials(self) -> str:
        kind, _, credentials = self.headers.get("authorization", "").partition(" ")
        return credentials if kind.lower() in ("bearer", "token") else ""


def authenticated(hub: FakeGitHub, credentials: str | None) -> Token | None:
    token = hub.tokens.get(credentials or "")
    if token is None or (token.expires and token.expires <= datetime.now(UTC)):
        return None
    return token


def refusal(error: Refused, headers: Mapping[str, str] | None = None) -> Answer:
    body: dict[str, Any] = {"message": error.message, "documentation_url": DOCS}
    if error.errors:
        body["errors"] = list(error.errors)
    return Answer(error.status, body, headers or {})


def through(hub: FakeGitHub, heard: Heard, answer: Callable[[Token], Answer]) -> Answer:
    """The answer, if the request comes through the door; one that says "unchanged" costs nothing."""
    if not heard.headers.get("user-agent"):
        hub.violations.append(f"{heard}: no User-Agent")
        return refusal(Refused(403, NO_USER_AGENT))
    token = authenticated(hub, heard.credentials)
    if token is None:
        return refusal(Refused(401, "Bad credentials" if heard.credentials else "Requires authentication"))
    if heard.path == "/rate_limit":  # free, and always open
        return _complete(hub, token, answer(token))
    too_many = hub.limits.refusal(token, str(heard), heard.writes)
    if too_many:
        return limited(hub, token, *too_many)
    given = answer(token)
    if given.status != 304:
        hub.limits.count(token)
    return _complete(hub, token, given)


def limited(hub: FakeGitHub, token: Token, message: str, wait: int | None, status: int = 403) -> Answer:
    body = {"message": message.format(hub.users[token.login].id), "documentation_url": DOCS}
    headers = {} if wait is None else {"retry-after": str(wait)}
    return _complete(hub, token, Answer(status, body, headers))


def imposed(hub: FakeGitHub, heard: Heard, kind: str) -> Answer | None:
    """A limit out of the blue, kept up until it is over; None for somebody who is not known."""
    token = authenticated(hub, heard.credentials)
    if token is None:
        return None
    if kind == "primary":
        hub.limits.exhaust(token, hub.faults.wait)
        return limited(hub, token, PRIMARY, None)
    hub.limits.throttle(token, hub.faults.wait)
    # GitHub answers with either status.
    return limited(hub, token, SECONDARY, hub.faults.wait, 403 if len(hub.requests) % 2 else 429)


def _complete(hub: FakeGitHub, token: Token, answer: Answer) -> Answer:
    headers = {"x-github-media-type": "github.v3; format=json", "x-github-api-version-selected": VERSION}
    if token.expires:
        headers["github-authentication-token-expiration"] = token.expires.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Answer(answer.status, answer.body, {**headers, **hub.limits.headers(token), **answer.headers})
