"""How much GitHub still allows. It never waits: until more is allowed, every call is refused without a request.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from healer.edges.forge import Limits
from healer.model import ForgeError

SHORTEST = 1.0
UNTOLD = 60.0  # where GitHub refuses without saying until when; doubled each time it goes on
LONGEST = 3600.0
FAR = 1 << 32  # seconds since 1970: nothing resets that late


def is_limit(status: int, headers: Mapping[str, str], said: str) -> bool:
    """Whether a refusal is about how often we ask, and not about what."""
    if status != 403:
        return status == 429
    return "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in said.lower()


class Allowance:
    def __init__(self) -> None:
        self.limits = Limits()
        self._until = 0.0  # of time.monotonic()
        self._refusals = 0  # in a row that did not say until when

    def check(self) -> None:
        left = self._until - time.monotonic()
        if left > 0:
            raise ForgeError(_told(left), wait=left)

    def answered(self, remaining: int, limit: int, resets: int) -> None:
        """Note the numbers of an answer; negative where it has none."""
        self._refusals = 0
        self._note(remaining, limit, resets)
        if remaining == 0:
            self._wait(resets - time.time())

    def refused(self, headers: Mapping[str, str]) -> ForgeError:
        """Note a refusal for asking too often."""
        if headers.get("x-ratelimit-resource", "core") == "core":  # GraphQL's numbers are other ones
            self._note(*(_number(headers.get(f"x-ratelimit-{name}")) for name in ("remaining", "limit", "reset")))
        asked = _seconds(headers)
        if asked is None:
            asked = min(UNTOLD * 2 ** min(self._refusals, 10), LONGEST)
            self._refusals += 1
        wait = self._wait(asked)
        return ForgeError(_told(wait), wait=wait)

    def _note(self, remaining: int, limit: int, resets: int) -> None:
        if remaining >= 0 and limit >= 0:
            known = 0 < resets < FAR
            at = datetime.fromtimestamp(resets, UTC).isoformat().replace("+00:00", "Z") if known else ""
            self.limits = Limits(remaining, limit, at)

    def _wait(self, seconds: float) -> float:
        wait = min(max(seconds, SHORTEST), LONGEST)
        self._until = max(self._until, time.monotonic() + wait)
        return wait


def _seconds(headers: Mapping[str, str]) -> float | None:
    after = headers.get("retry-after", "")
    if after.isdecimal():
        return float(after[:6])
    resets = _number(headers.get("x-ratelimit-reset"))
    if headers.get("x-ratelimit-remaining") != "0" or resets < 0:
        return None
    try:  # by GitHub's clock: ours may be wrong
        now = parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError):
        now = time.time()
    return resets - now


def _number(text: str | None) -> int:
    return int(text[:12]) if text and text.isdecimal() else -1


def _told(wait: float) -> str:
    end = datetime.now(UTC) + timedelta(seconds=wait)
    told = f"{end + timedelta(seconds=59):%H:%M}" if wait >= 60 else f"{end + timedelta(seconds=1):%H:%M:%S}"
    return f"GitHub allows no further request until {told} UTC"
