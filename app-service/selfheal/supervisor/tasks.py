"""The running tasks of one object, so that it can end them all; one that nobody holds may be collected unfinished."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def cancel(self) -> None:
        for task in self._running:
            task.cancel()

    async def until(self, most: int) -> None:
        """Returns when no more than so many run."""
        while len(self._running) > most:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
