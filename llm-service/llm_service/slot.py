"""The place for the one model: follows its file, and keeps a worker alive that serves it. Serves no requests itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import httpx

from llm_service.checksum import sha256
from llm_service.engine import Engine
from llm_service.errors import Refusal
from llm_service.gguf import ModelError, read_header
from llm_service.metrics import Metrics
from llm_service.prefix import Prefix
from llm_service.process import Worker, WorkerDied
from llm_service.settings import Settings
from llm_service.turns import Turns
from llm_service.validation import CHAT

log = logging.getLogger(__name__)

_UNTOUCHED_SECONDS = 5.0  # a file that nobody wrote to for so long is not looked at twice
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_STEADY_SECONDS = 60.0
_WARM_SECONDS = 30.0
_IDLE_SECONDS = 10.0


class Phase(StrEnum):
    UNAVAILABLE = "unavailable"  # no engine
    MISSING = "missing"
    ARRIVING = "arriving"  # the file still changes
    REFUSED = "refused"
    LOADING = "loading"
    RESTARTING = "restarting"  # it was ready, and will be again
    READY = "ready"


@dataclass(frozen=True)
class Condition:
    phase: Phase
    detail: str
    command: str | None = None  # what a person can run to get further


@dataclass(frozen=True)
class Stamp:
    """Tells one state of the file from another; the inode shows a file that was moved into place."""

    size: int
    modified: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


class ModelSlot:
    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        turns: Turns,
        prefix: Prefix,
        metrics: Metrics,
        poll_seconds: float = 1.0,
    ) -> None:
        self.condition = Condition(Phase.MISSING, f"not looked for {settings.model} yet")
        self.loaded_at = 0
        self.sha256: str | None = None
        self._settings = settings
        self._engine = engine
        self._turns = turns
        self._prefix = prefix
        self._metrics = metrics
        self._poll_seconds = poll_seconds
        self._worker: Worker | None = None
        self._settled = asyncio.Event()  # not set while a worker is coming back
        self._settled.set()
        self._seen: Stamp | None = None
        self._judged: Stamp | None = None
        self._served: Stamp | None = None
        self._summed: Stamp | None = None
        self._ends = 0  # of workers, since one lived for long

    @property
    def expected(self) -> bool:
        """Whether a request is worth taking: it can be answered, or will be without anybody's doing."""
        return self.condition.phase in (Phase.READY, Phase.RESTARTING)

    async def worker(self) -> Worker:
        """The one that takes requests, waited for while it is coming back. Raises Refusal when none will."""
        await self._settled.wait()
        if self._worker is None or self.condition.phase is not Phase.READY:
            raise Refusal(self.condition.detail, status=503, code="model_not_ready")
        return self._worker

    async def give_up(self, worker: Worker) -> None:
        """Ends a worker that does not answer as it should, and returns once nobody is sent to it any more."""
        worker.kill()
        await worker.replaced.wait()

    async def free(self, worker: Worker) -> None:
        """Returns when the worker computes nothing any more; one that does not stop is ended."""
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                await worker.idle()
        except (httpx.HTTPError, TimeoutError):
            await self.give_up(worker)

    async def keep(self) -> None:
        """Runs for ever. Polls, because change events do not cross every kind of mount."""
        problem = self._engine.problem()
        if problem:
            self._become(Condition(Phase.UNAVAILABLE, problem))
            return
        try:
            while True:
                try:
                    await (self._look() if self._worker is None else self._attend(self._worker))
                except Exception:
                    # Nobody else looks after the model: whatever went wrong here, the next poll must come.
                    log.exception("looking after the model failed")
                    await asyncio.sleep(self._poll_seconds)
        finally:
            if self._worker is not None:
                await self._worker.close()

    async def _look(self) -> None:
        """One poll: the same stamp twice in a row means that nobody writes any more."""
        stamp = self._stamp()
        if stamp is not None and stamp != self._judged:
            if stamp in (self._seen, self._served) or time.time() - stamp.modified / 1e9 > _UNTOUCHED_SECONDS:
                self._judged = stamp
                await self._load(stamp)
                return
            self._seen = stamp
            detail = f"{self._settings.model} is being written: {stamp.size:,} bytes so far"
            self._become(Condition(Phase.ARRIVING, detail))
        await asyncio.sleep(self._poll_seconds)

    def _stamp(self) -> Stamp | None:
        path = self._settings.model
        try:
            status = path.stat()
        except OSError as error:
            self._seen = self._judged = None
            if isinstance(error, FileNotFoundError):
                self._become(Condition(Phase.MISSING, f"there is no model at {path}", self._pull()))
            else:
                self._become(Condition(Phase.REFUSED, f"{path} cannot be looked at: {error.strerror}"))
            return None
        return Stamp.of(status)

    async def _load(self, stamp: Stamp) -> None:
        path = self._settings.model
        returning = self.condition.phase is Phase.RESTARTING
        self._become(Condition(Phase.RESTARTING if returning else Phase.LOADING, f"loading {path}"))
        worker: Worker | None = None
        try:
            header = await asyncio.to_thread(read_header, path)
            worker = await Worker.start(self._engine, self._settings)
            await worker.loaded()
            self._served = stamp
            await self._warm(worker)
        except (ModelError, OSError) as error:
            await _close(worker)
            self._become(Condition(Phase.REFUSED, f"{path} cannot be served: {error}", self._pull()))
            return
        except WorkerDied as death:
            await _close(worker)
            if stamp == self._served:
                # It could be loaded before: it is the machine that is short of something, and that passes.
                self._judged = None
                await self._pause(f"the worker ended while it loaded {path} again: {death}")
                return
            detail = f"{path} made llama.cpp end its process: {death}; it is tried again when the file changes"
            self._become(Condition(Phase.REFUSED, detail, self._pull()))
            return
        except BaseException:
            await _close(worker)
            raise
        self._worker, self.loaded_at = worker, int(time.time())
        self._become(Condition(Phase.READY, f"serving {path} ({header.architecture})"))
        if self._summed != stamp:
            self._sum(stamp)

    async def _attend(self, worker: Worker) -> None:
        """Until the worker ends or must be replaced."""
        started = time.monotonic()
        ending = asyncio.create_task(worker.ended())
        try:
            while not ending.done():
                await asyncio.wait({ending}, timeout=self._poll_seconds)
                if not ending.done() and await self._changed():
                    await self._replace(worker)
                    return
        finally:
            ending.cancel()
        if time.monotonic() - started >= _STEADY_SECONDS:
            self._ends = 0
        self._metrics.restarts.inc()
        pausing = f"the worker ended: {ending.result()}; it is started again"
        self._drop(Condition(Phase.RESTARTING, pausing))
        await worker.close()
        await self._pause(pausing)

    async def _changed(self) -> bool:
        """Whether another whole file stands in the served one's place. A deleted one changes nothing."""
        try:
            status = self._settings.model.stat()
        except OSError:
            return False
        stamp = Stamp.of(status)
        if stamp in (self._served, self._judged):
            return False
        if stamp != self._seen:
            self._seen = stamp
            return False
        self._judged = stamp
        try:
            await asyncio.to_thread(read_header, self._settings.model)
        except (ModelError, OSError) as error:
            log.warning("%s has changed, and is not taken over: %s", self._settings.model, error)
            return False
        return True

    async def _replace(self, worker: Worker) -> None:
        """Once no request runs: those that wait are answered by the new model."""
        ticket = self._turns.enter_first()
        try:
            await ticket.turn()
            self._drop(Condition(Phase.RESTARTING, f"changing over to the new {self._settings.model}"))
            await worker.close()
        finally:
            ticket.leave()

    def _drop(self, condition: Condition) -> None:
        """Nobody is sent to the worker from here on."""
        self._worker = None
        self._judged = None
        self._become(condition)

    async def _pause(self, detail: str) -> None:
        """Longer from one end to the next: a worker that ends at once must not keep the machine busy."""
        self._become(Condition(Phase.RESTARTING, detail))
        await asyncio.sleep(min(_FIRST_PAUSE * 2**self._ends, _LONGEST_PAUSE))
        self._ends = min(self._ends + 1, 10)

    async def _warm(self, worker: Worker) -> None:
        """Evaluates how the next chat is likely to begin. Its failure costs only time; raises WorkerDied."""
        if not self._prefix.messages:
            return
        messages = [*self._prefix.messages, {"role": "user", "content": ""}]
        body = {"messages": messages, "max_tokens": 1, "temperature": 0, "stream": False}
        try:
            async with asyncio.timeout(_WARM_SECONDS):
                (await worker.http.post(CHAT, json=body)).raise_for_status()
            return
        except TimeoutError:
            log.warning("the prefix was not evaluated within %.0f seconds", _WARM_SECONDS)
        except httpx.HTTPError as error:
            log.warning("the prefix cannot be evaluated: %s", error)
            await asyncio.to_thread(self._prefix.forget)
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                await worker.idle()
        except (httpx.HTTPError, TimeoutError):
            worker.kill()
            raise WorkerDied(await worker.ended()) from None

    def _sum(self, stamp: Stamp) -> None:
        self.sha256, self._summed = None, stamp
        path = self._settings.model

        async def run() -> None:
            with contextlib.suppress(OSError):  # deleted meanwhile: the sum stays unknown
                found = await asyncio.to_thread(sha256, path, lambda: self._served == stamp)
                if self._served == stamp:
                    self.sha256 = found

        self._summing = asyncio.create_task(run())

    def _become(self, condition: Condition) -> None:
        arriving = condition.phase is self.condition.phase is Phase.ARRIVING
        if condition != self.condition and not arriving:
            log.info("%s: %s", condition.phase, condition.detail)
        self.condition = condition
        self._metrics.ready.set(condition.phase is Phase.READY)
        if condition.phase is Phase.RESTARTING:
            self._settled.clear()
        else:
            self._settled.set()

    def _pull(self) -> str:
        return "docker-compose run --rm llm-service pull" if self._settings.container else "healer model pull"


async def _close(worker: Worker | None) -> None:
    if worker is not None:
        await worker.close()
