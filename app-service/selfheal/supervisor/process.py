"""The supervisor's side of one worker: starts it, asks its health, gives it the socket, takes it away, ends it.

It does not choose releases or decide what happens when a worker fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from typing import IO, Any, TypeVar

from .channel import Channel
from .health import unhealthy
from .meter import Figures
from .releases import packages_of
from .settings import Settings

TAIL_LINES, TAIL_LINE_BYTES, TAIL_BYTES = 40, 400, 8000
PARTING_SECONDS = 1.0  # how long an old worker answers with `Connection: close` before idle connections are closed
ANSWER_SECONDS = 5.0  # one health request, one order over the channel
FIGURES_SECONDS = 1.0
_T = TypeVar("_T")


class WorkerFailed(Exception):
    """A worker cannot serve; the text is for a person and ends with what the worker last wrote to stderr."""


class _Unanswered(Exception):
    """The worker exited or took too long; the text says which."""


class WorkerProcess:
    """One release in a process of its own. `start`, `accept`, `part`, `retire`; `kill` at any time."""

    def __init__(self, settings: Settings, release: str, listener: socket.socket) -> None:
        self.release = release
        self.pid: int | None = None
        self.port = 0  # the private one; its health is asked there
        self._settings = settings
        self._listener = listener
        self._tail: deque[bytes] = deque(maxlen=TAIL_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self._channel: Channel | None = None
        self._watched: list[Mapping[str, Any]] = []
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        """Returns once it is up and healthy, not yet accepting. Raises WorkerFailed, with nothing left of it."""
        deadline = time.monotonic() + self._settings.start_seconds
        try:
            channel = await self._spawn()
            word = await self._answer(channel.hear(b"started"), deadline)
            if not word:
                raise _Unanswered(f"it exited with {await self._status()}")
            self.port = int(word.split()[1])
            await self._wait_for_health(deadline)
        except _Unanswered as problem:
            await self.kill()
            raise WorkerFailed(self.reason(f"did not come up: {problem}")) from None
        except OSError as problem:
            await self.kill()
            raise WorkerFailed(self.reason(f"did not come up: it could not be started: {problem}")) from problem
        except BaseException:
            await asyncio.shield(self.kill())
            raise

    async def watch(self, requests: Sequence[Mapping[str, Any]]) -> None:
        """Has it count such requests apart, from now on."""
        if list(requests) == self._watched:
            return
        self._watched = list(requests)
        await self._order(b"watch " + json.dumps(self._watched).encode("ascii"), b"watching", ANSWER_SECONDS)

    async def accept(self) -> None:
        """Lets it accept on the shared socket. Raises WorkerFailed if it does not say that it does."""
        if not await self._order(b"accept", b"accepting", ANSWER_SECONDS):
            await self.kill()
            raise WorkerFailed(self.reason("did not come up: it was healthy, but did not take over the socket"))

    async def part(self) -> None:
        """It no longer accepts, and its next answers end their connections. One that hangs accepts nothing either."""
        await self._order(b"part", b"parting", PARTING_SECONDS)

    async def linger(self) -> None:
        """Waits while its clients learn from their answers to go elsewhere, or until its end."""
        await asyncio.wait({self._ended}, timeout=PARTING_SECONDS)

    async def retire(self) -> None:
        """Ends it within the drain time: open event streams would otherwise hold it for ever."""
        self.send(signal.SIGTERM)
        # A second more than the worker's own limit, after which it still runs the app's shutdown.
        await asyncio.wait({self._ended}, timeout=self._settings.drain_seconds + 1.0)
        await self.kill()

    async def count(self) -> None:
        """Brings `figures` up to date; they stay as they were if it hangs or has ended."""
        await self._order(b"figures", b"figures", FIGURES_SECONDS)

    @property
    def figures(self) -> Figures:
        """What it told last of the requests it got."""
        return self._channel.figures if self._channel is not None else Figures()

    def reason(self, problem: str) -> str:
        """The problem for a person, with what the worker last wrote to stderr."""
        last = b"\n".join(self._tail)[-TAIL_BYTES:].decode("utf-8", "replace").strip()
        return f"release {self.release} {problem}" + (f"\n{last}" if last else "")

    async def kill(self) -> None:
        """Ends it and what it started; returns when it is gone."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()
        if self._pump is not None:
            # A grandchild that left the group may hold stderr open for ever.
            await asyncio.wait({self._pump}, timeout=0.5)
            self._pump.cancel()
        if self._channel is not None:
            self._channel.close()

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

    async def _spawn(self) -> Channel:
        environment = self._environment()
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
                env=environment,
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
        self._channel = Channel(*await asyncio.open_connection(sock=mine))
        return self._channel

    def _environment(self) -> dict[str, str]:
        found = {**os.environ, "SELFHEAL_RELEASE": self.release, "SELFHEAL_APP": self._settings.app}
        packages = packages_of(self._settings.releases, self.release)
        if packages is not None:
            found["PYTHONPATH"] = os.pathsep.join(filter(None, (str(packages), found.get("PYTHONPATH"))))
        return found

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

    async def _wait_for_health(self, deadline: float) -> None:
        """Asks again until the deadline: an app may answer 503 while it still warms up."""
        pause = 0.02
        problem = "it did not answer"
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise _Unanswered(f"it was not healthy within {self._settings.start_seconds:g} s: {problem}")
            asked = time.monotonic() + min(left, ANSWER_SECONDS)
            try:
                problem = await self._answer(unhealthy(self.port, self._settings.health), asked)
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

    async def _order(self, order: bytes, acknowledgement: bytes, seconds: float) -> bool:
        assert self._channel is not None
        try:
            asked = self._channel.ask(order, acknowledgement)
            return await self._answer(asked, time.monotonic() + seconds) != b""
        except (_Unanswered, OSError):
            return False

    async def _status(self) -> str:
        await asyncio.wait({self._ended}, timeout=ANSWER_SECONDS)
        if not self._ended.done():
            return "no status"
        return how_ended(self._ended.result())


def how_ended(status: int) -> str:
    """A process's status for a person."""
    return f"status {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"
