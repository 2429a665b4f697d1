"""Watches a release for some time after users got it, and says why it should be left again.

It does not leave it: the supervisor does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from .health import unhealthy
from .process import ANSWER_SECONDS, WorkerProcess
from .settings import Settings
from .target import Target

MOST_ENDS = 2
MOST_UNHEALTHY = 3  # in a row, of one worker
LOOKS = 30  # within the probation, but no more than one a second


class Probation:
    """`back` is what to serve instead. `reason` is empty while nothing speaks against the release."""

    def __init__(self, settings: Settings, release: str, back: Target) -> None:
        self.release = release
        self.back = back
        self.reason = ""
        self.stuck = False  # the way back was tried and failed: this release is better than none
        self._settings = settings
        self._until = 0.0
        self._up = 0.0  # when one of its workers was last seen in service
        self._ends = 0
        self._unhealthy: dict[WorkerProcess, int] = {}
        self._against = asyncio.Event()

    def begin(self) -> None:
        """Its time runs from here on; what was told before counts."""
        self._up = time.monotonic()
        self._until = self._up + self._settings.probation_seconds

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._until

    def ended(self, how: str) -> None:
        """One of its workers ended by itself."""
        self._ends += 1
        if self._ends >= MOST_ENDS:
            self._object(f"its workers ended by themselves twice, the last one with {how}")

    def not_restarted(self, problem: str) -> None:
        """A worker in the place of one that ended could not be started."""
        self._object(f"a worker that had ended could not be started again: {problem}")

    async def pause(self) -> None:
        """Until the next look is due, or something speaks against the release."""
        seconds = min(1.0, self._settings.probation_seconds / LOOKS)
        if self.reason:
            await asyncio.sleep(seconds)
            return
        waiting = asyncio.ensure_future(self._against.wait())
        await asyncio.wait({waiting}, timeout=seconds)
        waiting.cancel()

    async def look(self, workers: Sequence[WorkerProcess]) -> None:
        """Asks the health of each of its workers in service."""
        now, patience = time.monotonic(), self._settings.hang_seconds
        if workers:
            self._up = now
        elif 0 < patience < now - self._up:
            self._object(f"none of its workers was up for {patience:g} s")
        await asyncio.gather(*(self._look_at(worker) for worker in workers))

    async def _look_at(self, worker: WorkerProcess) -> None:
        patience = self._settings.hang_seconds
        try:
            problem = await asyncio.wait_for(unhealthy(worker.port, self._settings.health), patience or ANSWER_SECONDS)
        except asyncio.TimeoutError:
            if patience:
                self._object(f"a worker answered no health request for {patience:g} s")
            return
        except ConnectionRefusedError:
            return  # it is ending, which counts by itself
        except (OSError, ValueError) as broken:
            problem = f"a health request failed: {broken}"
        self._unhealthy[worker] = self._unhealthy.get(worker, 0) + 1 if problem else 0
        if self._unhealthy[worker] >= MOST_UNHEALTHY:
            self._object(f"a worker was unhealthy {MOST_UNHEALTHY} times in a row: {problem}")

    def _object(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._against.set()
