"""What the deployments say of themselves, for the overview: all are asked side by side, and none holds it up.

One that does not answer in time is told as it was known last, and what it says is known to the next who looks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import structlog

from healer.pipeline.parts import Service
from healer.web.releases import serving, unserved

PATIENCE = 0.25  # seconds that a look waits for the answers to what it asked
MOST_AT_ONCE = 16  # deployments that are asked; each ends its own wait

log = structlog.get_logger()


class Standings:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="standings")
        self._lock = threading.Lock()
        self._asked: dict[str, tuple[float, Future[None]]] = {}  # service -> since when
        self._known: dict[str, dict[str, Any]] = {}

    def of(self, services: Mapping[str, Service]) -> dict[str, dict[str, Any]]:
        """By name, in their order."""
        with self._lock:
            for name, service in services.items():
                if name not in self._asked:
                    self._asked[name] = time.monotonic(), self._threads.submit(self._ask, name, service)
            asked = [self._asked[name] for name in services]
        late = time.monotonic() - PATIENCE  # who was waited for by another look is not waited for again
        wait([answer for since, answer in asked if since > late], PATIENCE)
        return {name: self._known.get(name) or unserved("unknown") for name in services}

    def _ask(self, name: str, service: Service) -> None:
        try:
            self._known[name] = serving(service)
        except Exception:  # a fault of ours in one must not hide the others
            log.exception("a deployment cannot be asked", service=name)
            self._known[name] = unserved("unreachable: the healer's log tells more")
        finally:
            with self._lock:
                self._asked.pop(name)
