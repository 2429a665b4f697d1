"""One worker process: started, heard, asked and ended. Does not decide when to start another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Self

import httpx

from llm_service.engine import Engine
from llm_service.gguf import ModelError
from llm_service.settings import Settings

log = logging.getLogger(__name__)

# At each of some thousand steps of a token, a thread that is done waits for the others. Spinning on, it takes the
# processor from the very thread it waits for as soon as anything else runs, and answers come ten times as slowly; not
# spinning at all costs a tenth on a quiet machine.
_THREADS = {"GOMP_SPINCOUNT": "10000"}
_LONGEST_REPORT = 4096
_LONGEST_LINE = 1 << 16


class WorkerDied(Exception):
    """It ended by itself; the message says how."""


class Worker:
    """`replaced` is set once the one who started it knows that it is of no use any more."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, report: int) -> None:
        self.replaced = asyncio.Event()
        self._process = process
        self._folder = folder
        self._report = report
        self._hearing = asyncio.create_task(self._hear())
        # A connection that is kept may be closed by the worker just as it is used again, which looks like its end.
        limits = httpx.Limits(max_keepalive_connections=0)
        transport = httpx.AsyncHTTPTransport(uds=str(folder / "worker"), limits=limits)
        # No bound on reading: how long a request may take is its own deadline.
        self.http = httpx.AsyncClient(
            transport=transport, base_url="http://worker", timeout=httpx.Timeout(None, connect=5), trust_env=False
        )

    @classmethod
    async def start(cls, engine: Engine, settings: Settings) -> Self:
        folder = Path(tempfile.mkdtemp(prefix="llm-"))  # mode 0700
        report, reporting = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *engine.command(settings, folder / "worker", reporting),
                # Its end is how the worker learns of ours.
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                pass_fds=[reporting],
                limit=_LONGEST_LINE,
                # Away from the terminal's Ctrl-C: it must outlive the answers that are finished first.
                start_new_session=True,
                env={**_THREADS, **os.environ, "GGML_NO_BACKTRACE": "1", "PYTHONUNBUFFERED": "1"},
            )
        except BaseException:
            os.close(report)
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            os.close(reporting)
        return cls(process, folder, report)

    async def loaded(self) -> None:
        """Returns once it takes requests. Raises ModelError when llama.cpp refuses the file, WorkerDied."""
        heard = await asyncio.to_thread(self._read_report)
        if not heard:
            raise WorkerDied(await self.ended())
        message = json.loads(heard)
        if message["state"] != "ready":
            raise ModelError(message["detail"])

    async def ended(self) -> str:
        """Waits for its end and says how it came."""
        code = await self._process.wait()
        if code >= 0:
            return f"it ended with code {code}"
        with contextlib.suppress(ValueError):
            return f"{signal.Signals(-code).name} ended it"
        return f"signal {-code} ended it"

    def kill(self) -> None:
        """There is nothing in it to save, and native code may not listen to anything gentler."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def close(self) -> None:
        self.kill()
        await self._process.wait()
        await self._hearing
        await self.http.aclose()
        shutil.rmtree(self._folder, ignore_errors=True)
        self.replaced.set()

    async def idle(self) -> None:
        """Returns when it computes nothing any more. Raises httpx.HTTPError."""
        (await self.http.get("/idle")).raise_for_status()

    async def _hear(self) -> None:
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:
                continue  # longer than a line may be: dropped
            if not line:
                return
            log.info("worker: %s", line.decode("utf-8", "replace").rstrip())

    def _read_report(self) -> bytes:
        with os.fdopen(self._report, "rb") as pipe:
            return pipe.read(_LONGEST_REPORT)
