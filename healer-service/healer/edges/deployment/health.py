"""Asks a service's health address whether it is well, and which commit answers. It changes nothing."""

from __future__ import annotations

import re
import time

import httpx

from healer.edges.deployment.sending import UNREACHED, client_for

LOOK_SECONDS = 2.0
PAUSE_SECONDS = 0.25
SICK_SECONDS = 5.0
_COMMITS = re.compile(r"[0-9a-f]{7,64}")


class Health:
    """Well is an answer of 2xx; with `version_header` set, one whose header names the commit too, in full or short."""

    def __init__(self, address: str, seconds: float, version_header: str = "") -> None:
        self.seconds = seconds
        self._address = address
        self._version_header = version_header
        self._sick_since: float | None = None

    def look(self, commit: str | None) -> str:
        """What is wrong; "" when nothing is. None for a commit that nobody knows."""
        try:
            with (
                client_for(LOOK_SECONDS) as client,
                client.stream("GET", self._address) as answer,  # its status is all that is wanted
            ):
                named = answer.headers.get(self._version_header, "") if self._version_header else ""
        except httpx.TimeoutException:
            return f"the health address does not answer within {LOOK_SECONDS:g} s"
        except UNREACHED as error:
            return f"the health address does not answer: {error}"
        if not answer.is_success:
            return f"the health address answers {answer.status_code}"
        if self._version_header and commit is not None and not _names(named, commit):
            return f"{self._version_header} of the health address is {named[:80]!r}, not {commit[:10]}"
        return ""

    def wait(self, commit: str) -> str:
        """Look until it is well. What was wrong last when that took too long, else ""."""
        until = time.monotonic() + self.seconds
        while wrong := self.look(commit):
            if time.monotonic() + PAUSE_SECONDS > until:
                return f"not healthy within {self.seconds:g} s: {wrong}"
            time.sleep(PAUSE_SECONDS)
        self._sick_since = None
        return ""

    def state(self, commit: str | None) -> str:
        """serving; or unhealthy, once that lasts: a single lost answer must not take a release back."""
        if not self.look(commit):
            self._sick_since = None
            return "serving"
        if self._sick_since is None:
            self._sick_since = time.monotonic()
        return "unhealthy" if time.monotonic() - self._sick_since >= SICK_SECONDS else "serving"


def _names(header: str, commit: str) -> bool:
    return any(commit.startswith(word) for word in _COMMITS.findall(header.lower()))
