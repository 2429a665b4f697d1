"""The workers on the service's socket: brings them to a target as a whole or not at all, and keeps them there.

It does not choose what to serve, but for the start: while there is no target it serves what `current` names.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any

from .ledger import Ledger
from .log import first_line, log, timestamp
from .parting import Parting
from .process import WorkerFailed, WorkerProcess, how_ended
from .releases import current_release
from .settings import Settings
from .smoke import refusal
from .stopgap import Stopgap
from .target import Target
from .tasks import Tasks

POLL_SECONDS = 0.25
FIRST_DELAY, LONGEST_DELAY = 0.1, 5.0
STABLE_SECONDS = 10.0  # a worker that lived this long starts the back-off anew
AT_ONCE = max(1, (os.cpu_count() or 1) // 2)  # workers that are started side by side
MOST_DRAINING = 2  # old workers that still finish streams, for each that serves


class Fleet:
    """Made inside a running event loop. `bring` is for one caller at a time."""

    def __init__(
        self,
        settings: Settings,
        listener: socket.socket,
        backlog: int,
        *,
        ended: Callable[[str, str], None],
        not_restarted: Callable[[str, str], None],
    ) -> None:
        """`ended` and `not_restarted` are told the release of a worker and what happened to it."""
        self.target: Target | None = None  # what should be served, also while workers are being restarted
        self.since = timestamp()
        self.restarts = 0
        self.problem = ""  # why a worker is missing, if one is
        self._settings = settings
        self._listener = listener
        self._stopgap = Stopgap(listener, backlog)
        self._ended = ended
        self._not_restarted = not_restarted
        self._ledger = Ledger()
        self._watches: dict[str, Sequence[Mapping[str, Any]]] = {}
        self._accepting: list[WorkerProcess] = []
        self._workers: set[WorkerProcess] = set()  # every one that may still run
        self._swapping = asyncio.Lock()  # held while workers begin to accept
        self._stopped = False
        self._bringing = False
        self._left: str | None = None  # a release that is being left because it fails: nothing restarts it
        self._delay = 0.0  # before the next start of the keeper
        self._keeper: asyncio.Task[None] | None = None
        self._attempt: tuple[frozenset[str], asyncio.Task[Any]] | None = None  # the keeper's
        self._parting = Parting(self._forget)
        self._tasks = Tasks()

    def begin(self) -> None:
        """Serves what `current` names, as soon as it names something."""
        self._stopgap.hold()
        self._ensure_kept()

    async def stop(self) -> None:
        """Ends every worker, those in service after their requests. Takes at most the drain time and a few seconds."""
        self._stopped = True
        self._stopgap.release()
        self._listener.close()
        self._tasks.cancel()
        serving, self._accepting = self._accepting, []
        await asyncio.gather(*(_end(worker) for worker in serving))
        await self._tasks.until(0)
        await self._parting.finished()
        await asyncio.gather(*(worker.kill() for worker in self._workers))

    def kill(self) -> None:
        """Ends every worker at once."""
        for worker in self._workers:
            worker.send(signal.SIGKILL)

    def accepting(self, release: str | None = None) -> list[WorkerProcess]:
        """The workers in service, or those of one release."""
        return [worker for worker in self._accepting if release in (None, worker.release)]

    async def traffic(self) -> Mapping[str, Mapping[str, object]]:
        """What users got from the last releases, as of now."""
        await asyncio.gather(*(worker.count() for worker in self._accepting))
        return self._ledger.summary(self._workers)

    async def watch(self, release: str, requests: Sequence[Mapping[str, Any]]) -> None:
        """Has such requests counted apart by this release's workers, those to come included."""
        self._watches[release] = requests
        await asyncio.gather(*(worker.watch(requests) for worker in self.accepting(release)))

    async def attempted(self, release: str) -> None:
        """Waits while a worker of this release is being started already."""
        if self._attempt is not None and release in self._attempt[0]:
            await asyncio.wait({self._attempt[1]})

    async def room(self) -> None:
        """Waits while too many old workers still finish their requests."""
        await self._parting.room((MOST_DRAINING - 1) * self._settings.workers)

    async def bring(
        self,
        target: Target,
        smoke: Sequence[Mapping[str, Any]] = (),
        watch: Sequence[Mapping[str, Any]] | None = None,
        *,
        leave: str | None = None,
    ) -> None:
        """Starts what the newcomer misses, asks the first of those the smoke, lets all accept, and parts with the rest.

        Raises WorkerFailed when one of them fails, with nothing changed. `watch` None leaves it as it is; `leave` names
        a release that is not to be restarted meanwhile.
        """
        if watch is None:
            watch = self._watches.get(target.newcomer, ())
        self._bringing, self._left = True, leave
        try:
            new = await self._warm(target, smoke, watch)
            async with self._swapping:
                await self._accept(new, target)
        finally:
            self._bringing, self._left = False, None
            self._ensure_kept()
        self._delay = FIRST_DELAY
        self._watches = {release: self._watches.get(release, ()) for release in target.counts}
        await self.watch(target.newcomer, watch)

    def _missing(self, target: Target | None) -> dict[str, int]:
        """Release -> how many workers of it are not in service."""
        wanted = target.counts.items() if target is not None else ()
        missing = {release: count - len(self.accepting(release)) for release, count in wanted}
        return {release: count for release, count in missing.items() if count > 0 and release != self._left}

    def _ensure_kept(self) -> None:
        if not self._stopped and (self._keeper is None or self._keeper.done()):
            self._keeper = self._tasks.start(self._keep())

    async def _keep(self) -> None:
        """Brings up what is missing of the target, or of the first one."""
        while True:
            missing = self._missing(self.target or self._first())
            if not missing:
                if self.target is not None:
                    return
                await asyncio.sleep(POLL_SECONDS)
                continue
            if self._delay:
                await asyncio.sleep(self._delay)
            missing = self._missing(self.target or self._first())
            starts = [self._bring_up(release) for release, count in missing.items() for _ in range(count)]
            if starts:
                self._delay = min(LONGEST_DELAY, max(FIRST_DELAY, self._delay * 2))
                self._attempt = (frozenset(missing), self._tasks.start(_together(starts)))
                await asyncio.wait({self._attempt[1]})
                self._attempt = None

    def _first(self) -> Target | None:
        """What to serve while nothing was yet, unless a change is about to say it."""
        release = None if self._bringing else current_release(self._settings.releases)
        return None if release is None else Target(release, self._settings.workers)

    async def _bring_up(self, release: str) -> None:
        try:
            worker = await self._start(release, self._watches.get(release, ()))
            async with self._swapping:
                target = self.target or Target(release, self._settings.workers)
                if release in self._missing(target):
                    await self._accept([worker], target)
                    return
            await self._discard([worker])  # a change was quicker
        except WorkerFailed as problem:
            self.problem = str(problem)
            log("start_failed", release=release, reason=first_line(problem))
            self._not_restarted(release, first_line(problem))

    async def _warm(
        self, target: Target, smoke: Sequence[Mapping[str, Any]], watch: Sequence[Mapping[str, Any]]
    ) -> list[WorkerProcess]:
        """What the newcomer misses, healthy and not yet accepting. Raises WorkerFailed, with none of them left."""
        release = target.newcomer
        missing = self._missing(target).get(release, 0)
        new: list[WorkerProcess] = []
        try:
            while len(new) < missing:
                # The first alone: most that fail fail there. Then a few: starting takes the time of those who serve.
                count = min(AT_ONCE, missing - len(new)) if new else 1
                starts = (self._start(release, watch) for _ in range(count))
                outcomes = await asyncio.gather(*starts, return_exceptions=True)
                is_first = not new
                new += [one for one in outcomes if isinstance(one, WorkerProcess)]
                _raise_first(outcomes)
                reason = await refusal(new[0].port, smoke) if is_first else ""
                if reason:
                    raise WorkerFailed(new[0].reason(f"was refused: {reason}"))
        except BaseException:
            await self._discard(new)
            raise
        return new

    async def _start(self, release: str, watch: Sequence[Mapping[str, Any]]) -> WorkerProcess:
        worker = WorkerProcess(self._settings, release, self._listener)
        self._workers.add(worker)
        try:
            await worker.start()
            await worker.watch(watch)
        except WorkerFailed:
            self._workers.discard(worker)
            raise
        return worker

    async def _accept(self, new: Sequence[WorkerProcess], target: Target) -> None:
        """From here on `new` answer new connections too, and those beyond the target finish what they have.

        Raises WorkerFailed, and those of `new` that did accept finish what they have. Only while `_swapping` is held.
        """
        outcomes = await asyncio.gather(*(worker.accept() for worker in new), return_exceptions=True)
        if any(outcomes):
            self._workers.difference_update(worker for worker, outcome in zip(new, outcomes) if outcome)
            await self._parting.part(worker for worker, outcome in zip(new, outcomes) if not outcome)
            _raise_first(outcomes)
        previous, self.target = self.target, target
        if previous is None or previous.release != target.release or not self._accepting:
            self.since = timestamp()
        for worker in new:
            self._ledger.open(worker.release)
            self._tasks.start(self._mind(worker))
        before = [*self._accepting, *new]
        self._accepting = []
        for worker in before:
            if len(self.accepting(worker.release)) < target.counts.get(worker.release, 0):
                self._accepting.append(worker)
        if not self._missing(target):
            self.problem = ""
        if self._accepting:
            self._stopgap.release()
        else:
            self._stopgap.hold()
        log("serving", release=target.release, canary=target.canary, pids=[worker.pid for worker in self._accepting])
        await self._parting.part(worker for worker in before if worker not in self._accepting)

    async def _mind(self, worker: WorkerProcess) -> None:
        """Replaces it when it ends by itself."""
        began = time.monotonic()
        status = await worker.exited()
        if worker not in self._accepting:
            return
        self._accepting.remove(worker)
        self.restarts += 1
        self.problem = f"a worker of release {worker.release} ended by itself with {how_ended(status)}"
        self._delay = FIRST_DELAY if time.monotonic() - began > STABLE_SECONDS else max(FIRST_DELAY, self._delay)
        log("worker_ended", release=worker.release, pid=worker.pid, status=status, restarts=self.restarts)
        if not self._accepting:
            self._stopgap.hold()
        self._ended(worker.release, how_ended(status))
        self._ensure_kept()
        await self._discard([worker])

    async def _discard(self, workers: Iterable[WorkerProcess]) -> None:
        for worker in workers:
            await worker.kill()
            self._forget(worker)

    def _forget(self, worker: WorkerProcess) -> None:
        self._workers.discard(worker)
        self._ledger.close(worker)


async def _together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(*work)


async def _end(worker: WorkerProcess) -> None:
    await worker.part()
    await worker.retire()


def _raise_first(outcomes: Iterable[object]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
