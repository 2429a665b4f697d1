"""What the control socket asks for, and the way back from a release that fails right after its change.

It does not prepare releases or switch the `current` symlink; it orders the fleet about, one change at a time.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from typing import Any

from .fleet import Fleet
from .log import first_line, log
from .probation import Probation
from .process import WorkerFailed
from .releases import find_release
from .settings import MOST_WORKERS, Settings
from .smoke import checked
from .target import Target
from .tasks import Tasks


class Supervisor:
    """Made inside a running event loop."""

    def __init__(self, settings: Settings, listener: socket.socket, backlog: int) -> None:
        host, port = listener.getsockname()[:2]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._settings = settings
        self._fleet = Fleet(
            settings, listener, backlog, ended=self._worker_ended, not_restarted=self._worker_not_restarted
        )
        self._probation: Probation | None = None  # of the release that came last, while it lasts
        self._next_probation: Probation | None = None  # of the release that is about to come
        self._fell_back: Mapping[str, str] | None = None
        self._changing = asyncio.Lock()
        self._tasks = Tasks()

    def begin(self) -> None:
        """Serves what `current` names, as soon as it names something."""
        self._fleet.begin()

    async def stop(self) -> None:
        """Ends every worker, those in service after their requests. Takes at most the drain time and a few seconds."""
        self._tasks.cancel()
        await self._fleet.stop()
        await self._tasks.until(0)

    def kill(self) -> None:
        """Ends every worker at once."""
        self._fleet.kill()

    async def handle(self, order: Mapping[str, Any]) -> Mapping[str, object]:
        """One command of the control socket; the answer always has `ok`, and `reason` where that is false."""
        if order.get("op") == "status":
            return await self._status()
        if order.get("op") != "change":
            return {"ok": False, "reason": 'unknown op; there are "status" and "change"'}
        # A task of its own: the change goes on whatever becomes of the client that ordered it.
        change = self._tasks.start(self._change(order))
        await asyncio.wait({change})
        if change.cancelled():
            return {"ok": False, "release": self._release, "reason": "the supervisor is stopping"}
        answer: Mapping[str, object] = change.result()
        return answer

    @property
    def _release(self) -> str | None:
        return self._fleet.target.release if self._fleet.target is not None else None

    async def _status(self) -> Mapping[str, object]:
        traffic = await self._fleet.traffic()
        accepting, release = self._fleet.accepting(), self._release
        own, told = self._fleet.accepting(release), self._fell_back
        left = told is not None and self._fleet.target is not None and told["release"] not in self._fleet.target.counts
        return {
            "ok": True,
            "state": "changing" if self._changing.locked() else "serving" if accepting else "waiting",
            "release": release,
            "canary": self._fleet.target.canary if self._fleet.target is not None else None,
            "pid": own[0].pid if own else None,
            "workers": [{"release": worker.release, "pid": worker.pid} for worker in accepting],
            "supervisor_pid": os.getpid(),
            "address": self.address,
            "since": self._fleet.since,
            "restarts": self._fleet.restarts,
            "problem": self._fleet.problem,
            "fell_back": told if left else None,
            "traffic": traffic,
        }

    async def _change(self, order: Mapping[str, Any]) -> Mapping[str, object]:
        async with self._changing:
            began = time.monotonic()
            try:
                smoke, watch = checked(order)
                release = find_release(self._settings.releases, order.get("release"))
                await self._fleet.attempted(release)
                before, target = self._fleet.target, self._wanted(release, order.get("canary"))
                self._fell_back = None
                if target == before and self._fleet.accepting(release):
                    if order.get("watch") is not None:
                        await self._fleet.watch(release, watch)
                    return self._changed(before, 0.0)
                log("changing", release=release, canary=target.canary is not None, previous=self._release)
                await self._fleet.room()
                self._next_probation = self._probation_of(target, before)
                await self._fleet.bring(target, smoke, watch)
                if target != before:
                    self._probation = self._next_probation
                    if self._probation is not None:
                        self._tasks.start(self._oversee(self._probation))
            except (ValueError, WorkerFailed) as problem:
                wanted = str(order.get("release"))[:64]
                log("change_refused", wanted=wanted, serving=self._release, reason=first_line(problem))
                return {"ok": False, "release": self._release, "reason": str(problem)}
            finally:
                self._next_probation = None
            return self._changed(before, round(time.monotonic() - began, 3))

    def _changed(self, before: Target | None, seconds: float) -> Mapping[str, object]:
        previous = before.release if before is not None else None
        return {"ok": True, "release": self._release, "previous": previous, "seconds": seconds}

    def _wanted(self, release: str, canary: object) -> Target:
        """The target of an order; raises ValueError. Where nothing else is served a canary gets everything."""
        served, workers = self._release, self._settings.workers
        if canary is None:
            return Target(release, workers)
        if type(canary) is not int or not 1 <= canary <= MOST_WORKERS:
            raise ValueError(
                f"canary is {canary!r}: send the number of its workers, from 1 to {MOST_WORKERS}, or leave it out"
            )
        return Target(release, workers) if served in (None, release) else Target(served, workers, release, canary)

    def _probation_of(self, target: Target, before: Target | None) -> Probation | None:
        """None where there is nothing to go back to, or no wish to."""
        if before is None or before.release == target.newcomer or not self._settings.probation_seconds:
            return None
        return Probation(self._settings, target.newcomer, Target(before.release, self._settings.workers))

    async def _oversee(self, probation: Probation) -> None:
        """Tries again when the release before cannot be started either; until then this one is served."""
        probation.begin()
        while self._probation is probation and not probation.over:
            await probation.pause()
            if not probation.reason:
                await probation.look(self._fleet.accepting(probation.release))
            if probation.reason:
                await self._go_back(probation)
        if self._probation is probation:
            self._probation = None

    async def _go_back(self, probation: Probation) -> None:
        async with self._changing:
            if self._probation is not probation:
                return  # a change was quicker
            told = {"release": probation.release, "reason": probation.reason}
            log("falling_back", **told, to=probation.back.release)
            self._fell_back = told  # before: whoever sees it served no more is told why in the same answer
            try:
                find_release(self._settings.releases, probation.back.release)
                await self._fleet.bring(probation.back, leave=None if probation.stuck else probation.release)
            except (ValueError, WorkerFailed) as problem:
                probation.stuck, self._fell_back = True, None
                log("fall_back_failed", **told, to=probation.back.release, problem=first_line(problem))
                return
            self._probation = None

    def _worker_ended(self, release: str, how: str) -> None:
        for probation in self._probations_of(release):
            probation.ended(how)

    def _worker_not_restarted(self, release: str, reason: str) -> None:
        for probation in self._probations_of(release):
            probation.not_restarted(reason)

    def _probations_of(self, release: str) -> list[Probation]:
        both = (self._probation, self._next_probation)
        return [probation for probation in both if probation is not None and probation.release == release]
