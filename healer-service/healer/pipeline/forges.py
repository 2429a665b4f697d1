"""Which forges can be asked now, and why not: those that failed are left alone for a while. It asks none itself."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from healer.model import ForgeError, HealerError

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0  # seconds, unless the forge itself asks for more


@dataclass(frozen=True)
class Trouble:
    reason: str
    until: float  # of time.monotonic()
    failures: int

    @property
    def ends_at(self) -> str:
        """RFC 3339, UTC."""
        left = timedelta(seconds=max(self.until - time.monotonic(), 0))
        return (datetime.now(UTC) + left).isoformat(timespec="seconds").replace("+00:00", "Z")


class Forges:
    """By service."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._troubles: dict[str, Trouble] = {}

    def may_ask(self, service: str) -> bool:
        trouble = self._troubles.get(service)
        return trouble is None or trouble.until <= time.monotonic()

    def problem(self, service: str) -> str:
        """Why its forge cannot be used now; "" when it can."""
        trouble = self._troubles.get(service)
        return trouble.reason if trouble else ""

    def failed(self, service: str, error: HealerError) -> Trouble | None:
        """The trouble, when it is a new one."""
        asked = error.wait if isinstance(error, ForgeError) else None
        with self._lock:
            before = self._troubles.get(service)
            failures = before.failures + 1 if before else 1
            wait = asked if asked is not None else min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
            trouble = Trouble(str(error), time.monotonic() + wait, failures)
            self._troubles[service] = trouble
        return trouble if before is None or before.reason != trouble.reason else None

    def worked(self, service: str) -> None:
        with self._lock:
            self._troubles.pop(service, None)
