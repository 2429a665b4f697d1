"""GitHub's limits on requests, for each token: 5,000 in an hour, and those on doing too much at once.

A request that comes while GitHub said to wait is noted: a client that obeys makes none.
"""

from __future__ import annotations

import math
import time
from typing import Any

from tests.github.state import Token

HOUR = 3600
PRIMARY = "API rate limit exceeded for user ID {}."
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


class Limits:
    """`writes_per_minute`: how many requests that make something GitHub takes in a minute; None: not counted."""

    def __init__(self) -> None:
        self.disobeyed: list[str] = []
        self.writes_per_minute: int | None = None

    def shown(self, token: Token) -> dict[str, Any]:
        self._renew(token)
        left = max(token.limit - token.used, 0)
        return {"limit": token.limit, "remaining": left, "reset": math.ceil(token.resets_at), "used": token.used}

    def headers(self, token: Token) -> dict[str, str]:
        return {
            **{f"x-ratelimit-{name}": str(value) for name, value in self.shown(token).items()},
            "x-ratelimit-resource": "core",
        }

    def exhaust(self, token: Token, seconds: float) -> None:
        token.used, token.resets_at = token.limit, time.time() + seconds

    def throttle(self, token: Token, seconds: float) -> None:
        token.blocked_until = time.time() + seconds

    def refusal(self, token: Token, request: str, writes: bool) -> tuple[str, int | None] | None:
        """GitHub's words and how long to wait (None: the reset tells it), if the request is one too many."""
        self._renew(token)
        now = time.time()
        if token.blocked_until > now:
            self.disobeyed.append(request)
            return SECONDARY, math.ceil(token.blocked_until - now)
        if token.used >= token.limit:
            self.disobeyed.append(request)
            return PRIMARY, None
        if writes and self.writes_per_minute is not None:
            token.writes = [*(moment for moment in token.writes if moment > now - 60), now]
            if len(token.writes) > self.writes_per_minute:
                token.blocked_until = token.writes[0] + 60
                return SECONDARY, math.ceil(token.blocked_until - now)
        return None

    def count(self, token: Token) -> None:
        token.used += 1

    def _renew(self, token: Token) -> None:
        if token.resets_at <= time.time():
            token.used, token.resets_at = 0, time.time() + HOUR
