"""The place for the one model: follows the file until it is whole and loaded. Serves no requests itself."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from enum import StrEnum

from starlette.types import ASGIApp

from llm_service.engine import Engine
from llm_service.gguf import IncompleteError, ModelError, read_header
from llm_service.settings import Settings

log = logging.getLogger(__name__)

_ADDRESS = (
    "https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
)


class Phase(StrEnum):
    UNAVAILABLE = "unavailable"  # no engine
    MISSING = "missing"
    ARRIVING = "arriving"  # the file still changes
    REFUSED = "refused"
    LOADING = "loading"
    READY = "ready"


@dataclass(frozen=True)
class Condition:
    phase: Phase
    detail: str
    command: str | None = None  # what a person can run to get further


@dataclass(frozen=True)
class _Stamp:
    """Tells one state of the file from another; the inode shows a file that was moved into place."""

    size: int
    modified: int
    inode: int


class ModelSlot:
    def __init__(self, settings: Settings, engine: Engine, poll_seconds: float = 1.0) -> None:
        self.condition = Condition(Phase.MISSING, f"not looked for {settings.model} yet")
        self.application: ASGIApp | None = None
        self._settings = settings
        self._engine = engine
        self._poll_seconds = poll_seconds
        self._seen: _Stamp | None = None
        self._judged: _Stamp | None = None

    async def fill(self) -> None:
        """Runs until the model is loaded. Polls, because change events do not cross every kind of mount."""
        problem = self._engine.problem()
        if problem:
            self._become(Condition(Phase.UNAVAILABLE, problem))
            return
        while self.application is None:
            await self._look()
            if self.application is None:
                await asyncio.sleep(self._poll_seconds)

    async def _look(self) -> None:
        """One poll: the same stamp twice in a row means that nobody writes any more."""
        path = self._settings.model
        try:
            status = path.stat()
        except OSError as error:
            self._seen = self._judged = None
            if isinstance(error, FileNotFoundError):
                self._become(Condition(Phase.MISSING, f"there is no model at {path}", self._download()))
            else:
                self._become(Condition(Phase.REFUSED, f"{path} cannot be looked at: {error.strerror}"))
            return
        stamp = _Stamp(status.st_size, status.st_mtime_ns, status.st_ino)
        if stamp == self._judged:
            return
        if stamp != self._seen:
            self._seen = stamp
            self._become(Condition(Phase.ARRIVING, f"{path} is being written: {stamp.size:,} bytes so far"))
            return
        self._judged = stamp
        await self._load()

    async def _load(self) -> None:
        path = self._settings.model
        self._become(Condition(Phase.LOADING, f"loading {path}"))
        try:
            header = await asyncio.to_thread(read_header, path)
            self.application = await asyncio.to_thread(self._engine.load, self._settings)
        except (ModelError, OSError) as error:
            command = self._download(resume=isinstance(error, IncompleteError))
            self._become(Condition(Phase.REFUSED, f"{path} cannot be served: {error}", command))
        except Exception as error:
            # The engine is foreign code; a crash in it must end in a message, not in a service that loads for ever.
            log.exception("the engine failed")
            self._become(Condition(Phase.REFUSED, f"{path} made the engine fail: {error!r}", self._download()))
        else:
            self._become(Condition(Phase.READY, f"serving {path} ({header.architecture})"))

    def _become(self, condition: Condition) -> None:
        arriving = condition.phase is self.condition.phase is Phase.ARRIVING
        if condition != self.condition and not arriving:
            log.info("%s: %s", condition.phase, condition.detail)
        self.condition = condition

    def _download(self, resume: bool = False) -> str:
        """Resuming would append to a file that is something else."""
        options = "-fL -C -" if resume else "-fL"
        return f"curl {options} --create-dirs -o {self._settings.model} {_ADDRESS}"
