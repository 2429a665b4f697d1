"""Sends one message to one address, signed. When to try again, and what it says, is not its business.

An address may be a secret: no error and no log line holds more of a target than its name.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Literal

import httpx

SECONDS = 10.0
LONGEST_WAIT = 300.0  # that a target may ask for
SIGNATURE, DELIVERY, TIMESTAMP = "X-Healer-Signature-256", "X-Healer-Delivery", "X-Healer-Timestamp"
_NOT_NOW = frozenset((408, 425, 429))


@dataclass(frozen=True)
class Target:
    name: str
    address: str = field(repr=False)
    secret: str = field(default="", repr=False)  # "": nothing is signed
    form: Literal["json", "slack"] = "json"


@dataclass(frozen=True)
class Answer:
    outcome: Literal["sent", "refused", "later"]
    said: str  # "answered 200"
    wait: float = 0.0  # seconds that it asked for


class Sender:
    """To one target, over a new connection each time: what it answers beside its status is not read."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._client = httpx.Client(
            timeout=SECONDS, trust_env=False, headers={"user-agent": f"healer/{version('healer')}"}
        )

    def send(self, body: bytes, delivery: str) -> Answer:
        """`delivery` is the same however often the same thing is sent."""
        headers = {"content-type": "application/json", **signed(self.target.secret, body, delivery, int(time.time()))}
        try:
            with self._client.stream("POST", self.target.address, content=body, headers=headers) as answer:
                status, wait = answer.status_code, _asked_for(answer.headers)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # the last for names nobody could know
            return Answer("later", f"did not answer: {type(error).__name__}")
        if answer.is_success:
            return Answer("sent", f"answered {status}")
        if answer.is_client_error and status not in _NOT_NOW:
            return Answer("refused", f"answered {status}")
        redirected = ", and redirects are not followed: write the address it leads to" if answer.is_redirect else ""
        return Answer("later", f"answered {status}{redirected}", wait)

    def close(self) -> None:
        self._client.close()


def signed(secret: str, body: bytes, delivery: str, now: int) -> dict[str, str]:
    """The headers that name a message and prove where it comes from: its name and the time are signed with it."""
    headers = {DELIVERY: delivery, TIMESTAMP: str(now)}
    if secret:
        text = f"{now}.{delivery}.".encode() + body
        headers[SIGNATURE] = f"sha256={hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()}"
    return headers


def _asked_for(headers: Mapping[str, str]) -> float:
    """Seconds of Retry-After; one that names a date is left alone."""
    asked = headers.get("retry-after", "")
    return min(float(asked), LONGEST_WAIT) if asked.isascii() and asked.isdigit() else 0.0
