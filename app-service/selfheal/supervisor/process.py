"""The supervisor's side of one worker: starts it, asks its health, gives it the socket, takes it away, ends it.

It does not choose releases or decide what happens when a worker fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Awaitable
from typing import IO, Any, TypeVar

from .settings import Settings

USUAL_PATHS = ("/health", "/healthz")
TAIL_LINES, TAIL_LINE_BYTES, TAIL_BYTES = 40, 400, 8000
PARTING_SECONDS = 1.0  # how long an old worker answers with `Connection: close` before idle connections are closed
ANSWER_SECONDS = 5.0  # one health request, one order over the channel
_T = TypeVar("_T")


class WorkerFailed(Exception):
    """A worker did not come up; the text is for a person and ends with what the worker last wrote to stderr."""


class _Unanswered(Exception):
    """The worker exited or took too long; the text says which."""


class WorkerProcess:
    """One release in a process of its own. `start`, then `accept`, then `retire`; `kill` at any time."""

    def __init__(self, settings: Settings, release: str, listener: socket.socket) -> None:
        self.release = release
        self.pid: int | None = None
        self._settings = settings
        self._listener = listener
        self._tail: deque[bytes] = deque(maxlen=TAIL_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        """Returns once it is up and healthy, not yet accepting. Raises WorkerFailed, with nothing left of it."""
        deadline = time.monotonic() + self._settings.start_seconds
        try:
            await self._spawn()
            word = await self._answer(self._reader.readline(), deadline)
            if not word.startswith(b"started "):
                raise _Unanswered(f"it exited with {await self._status()}")
            await self._wait_for_health(int(word.split()[1]), deadline)
        except _Unanswered as problem:
            await self.kill()
            raise WorkerFailed(self._reason(str(problem))) from None
        except OSError as problem:
            await self.kill()
            raise WorkerFailed(self._reason(f"it could not be started: {problem}")) from problem
        except BaseException:
            await asyncio.shield(self.kill())
            raise

    async def accept(self) -> None:
        """Lets it accept on the shared socket. Raises WorkerFailed if it does not say that it does."""
        if not await self._order(b"accept\n", b"accepting\n", ANSWER_SECONDS):
            await self.kill()
            raise WorkerFailed(self._reason("it was healthy, but did not take over the socket"))

    async def part(self) -> None:
        """It no longer accepts, and its next answers end their connections. One that hangs accepts nothing either."""
        await self._order(b"part\n", b"parting\n", PARTING_SECONDS)

    async def retire(self, parting_seconds: float = PARTING_SECONDS) -> None:
        """Ends it within `parting_seconds` and the drain time: open event streams would otherwise hold it for ever."""
        await asyncio.wait({self._ended}, timeout=parting_seconds)
        self.send(signal.SIGTERM)
        # A second more than the worker's own limit, after which it still runs the app's shutdown.
        await asyncio.wait({self._ended}, timeout=self._settings.drain_seconds + 1.0)
        await self.kill()

    async def kill(self) -> None:
        """Ends it and what it started; returns when it is gone."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()
        if self._pump is not None:
            # A grandchild that left the group may hold stderr open for ever.
            await asyncio.wait({self._pump}, timeout=0.5)
            self._pump.cancel()
        if self._writer is not None:
            self._writer.close()

    async def exited(self) -> int:
        """Waits for its end; the status is negative for a signal."""
        return await asyncio.shield(self._ended)

    def send(self, number: int) -> None:
        """A signal; SIGKILL goes to all its processes."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if number == signal.SIGKILL:
                    os.killpg(self.pid, number)
                elif not self._ended.done():
                    os.kill(self.pid, number)

    async def _spawn(self) -> None:
        mine, its = socket.socketpair()
        # A pipe of our own: with asyncio's, some Pythons end `wait()` only when every grandchild has closed it too.
        read_end, write_end = os.pipe()
        stderr = os.fdopen(read_end, "rb", buffering=0)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(its.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                stderr=write_end,
                pass_fds=(self._listener.fileno(), its.fileno()),
                env={**os.environ, "SELFHEAL_RELEASE": self.release, "SELFHEAL_APP": self._settings.app},
                start_new_session=True,  # Ctrl-C is for the supervisor, which then drains
            )
        except BaseException:
            mine.close()
            stderr.close()
            raise
        finally:
            its.close()
            os.close(write_end)
        self.pid = self._process.pid
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_task(self._process.wait())
        self._waiter.add_done_callback(lambda done: self._ended.set_result(done.result()))
        self._pump = loop.create_task(self._pass_on(stderr))
        self._reader, self._writer = await asyncio.open_connection(sock=mine)

    def _command(self, channel: int) -> list[str]:
        settings = self._settings
        directory = str(settings.releases / self.release)
        command = [sys.executable, "-m", "selfheal.supervisor.worker", "--app", settings.app, "--directory", directory]
        command += ["--listener", str(self._listener.fileno()), "--channel", str(channel)]
        command += ["--drain-seconds", str(settings.drain_seconds)]
        return [*command, "--access-log"] if settings.access_log else command

    async def _pass_on(self, pipe: IO[bytes]) -> None:
        """Copies the worker's stderr to ours and keeps its last lines."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        rest = b""
        try:
            while True:
                chunk = await reader.read(65536)
                if not chunk:
                    break
                sys.stderr.buffer.write(chunk)
                sys.stderr.buffer.flush()
                *lines, rest = (rest + chunk).split(b"\n")
                rest = rest[:TAIL_LINE_BYTES]
                self._tail.extend(line[:TAIL_LINE_BYTES] for line in lines)
            self._tail.append(rest)
        finally:
            transport.close()

    async def _answer(self, awaited: Awaitable[_T], deadline: float) -> _T:
        """The result, unless the worker exits or the time ends first."""
        task = asyncio.ensure_future(awaited)
        try:
            left = max(0.0, deadline - time.monotonic())
            both: set[asyncio.Future[Any]] = {task, self._ended}
            await asyncio.wait(both, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            task.cancel()
        if self._ended.done():
            raise _Unanswered(f"it exited with {await self._status()}")
        raise _Unanswered(f"it did not start within {self._settings.start_seconds:g} s")

    async def _wait_for_health(self, port: int, deadline: float) -> None:
        """Asks again until the deadline: an app may answer 503 while it still warms up."""
        pause = 0.02
        problem = "it did not answer"
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise _Unanswered(f"it was not healthy within {self._settings.start_seconds:g} s: {problem}")
            asked = time.monotonic() + min(left, ANSWER_SECONDS)
            try:
                problem = await self._answer(self._unhealthy(port), asked)
            except _Unanswered:
                if self._ended.done():
                    raise
                problem = "a health request was not answered"
            except (OSError, ValueError) as broken:
                problem = f"a health request failed: {broken}"
            if not problem:
                return
            await asyncio.wait({self._ended}, timeout=min(pause, max(0.0, deadline - time.monotonic())))
            pause = min(pause * 2, 0.5)

    async def _unhealthy(self, port: int) -> str:
        """Empty when healthy, else what was wrong.

        The path that was set must answer 2xx or 3xx. Without one the usual paths are tried: one that the app does not
        have (4xx) says nothing, and if it has none of them any answer below 500 to GET / will do.
        """
        chosen = self._settings.health
        for path in (chosen,) if chosen else USUAL_PATHS:
            status = await _get(port, path)
            if 200 <= status < 400:
                return ""
            if chosen or status >= 500:
                return f"GET {path} answered {status}"
        status = await _get(port, "/")
        return "" if status < 500 else f"GET / answered {status}"

    async def _order(self, order: bytes, acknowledgement: bytes, seconds: float) -> bool:
        assert self._writer is not None
        try:
            self._writer.write(order)
            return await self._answer(self._reader.readline(), time.monotonic() + seconds) == acknowledgement
        except (_Unanswered, OSError):
            return False

    async def _status(self) -> str:
        await asyncio.wait({self._ended}, timeout=ANSWER_SECONDS)
        if not self._ended.done():
            return "no status"
        code = self._ended.result()
        return f"status {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"

    def _reason(self, problem: str) -> str:
        last = b"\n".join(self._tail)[-TAIL_BYTES:].decode("utf-8", "replace").strip()
        return f"release {self.release} did not come up: {problem}" + (f"\n{last}" if last else "")


async def _get(port: int, path: str) -> int:
    """The status of one GET on loopback; the body is not read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        request = (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: selfheal-supervisor\r\nConnection: close\r\n\r\n"
        )
        writer.write(request.encode("ascii"))
        words = (await reader.readline()).split(None, 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
            raise ValueError("the answer is not HTTP")
        return int(words[1])
    finally:
        writer.close()
