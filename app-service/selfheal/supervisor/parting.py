"""Old workers on their way out: they accept nothing more, finish what they have, and end.

It does not choose them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from .log import log
from .process import WorkerProcess
from .tasks import Tasks


class Parting:
    """`gone` is told each worker that has ended."""

    def __init__(self, gone: Callable[[WorkerProcess], None]) -> None:
        self._gone = gone
        self._tasks = Tasks()

    async def part(self, workers: Iterable[WorkerProcess]) -> None:
        """Returns when none of them accepts any more; that they end goes on, also when the caller is cancelled."""
        parted = []
        for worker in workers:
            parted.append(asyncio.Event())
            self._tasks.start(self._drain(worker, parted[-1]))
        for event in parted:
            await event.wait()

    async def room(self, most: int) -> None:
        """Waits while more than so many are on their way out; each is a whole app in memory."""
        await self._tasks.until(most)

    async def finished(self) -> None:
        await self._tasks.until(0)

    async def _drain(self, worker: WorkerProcess, parted: asyncio.Event) -> None:
        await worker.part()
        parted.set()
        await worker.linger()
        await worker.count()
        await worker.retire()
        self._gone(worker)
        log("retired", release=worker.release, pid=worker.pid)
