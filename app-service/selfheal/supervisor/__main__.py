"""`python -m selfheal.supervisor`: serves one release of an app and changes to another without dropping a request.

It does not prepare releases or switch the `current` symlink; it reads the directory and does what the control socket
asks. The listening socket is bound once and outlives every worker, so connections wait rather than fail while a worker
is restarted; when none is up for longer, stopgap answers 503.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from .control import Control, ControlInUse
from .process import WorkerFailed, WorkerProcess
from .releases import current_release, find_release
from .settings import Settings, read_settings
from .stopgap import Stopgap

BACKLOG = 2048
POLL_SECONDS = 0.25
FIRST_DELAY, LONGEST_DELAY = 0.1, 5.0
STABLE_SECONDS = 10.0  # a worker that lived this long starts the back-off anew
MOST_DRAINING = 2  # old workers that still finish streams; each is a whole app in memory


def log(event: str, **fields: object) -> None:
    """One JSON line on stderr."""
    line = {"time": _timestamp(), "logger": "selfheal.supervisor", "event": event, **fields}
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


def _timestamp() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _first_line(problem: Exception) -> str:
    """What the worker wrote follows in the text, and has passed through to the log already."""
    return str(problem).partition("\n")[0]


def listen(host: str, port: int) -> socket.socket:
    """The service's socket; raises OSError (or UnicodeError for a host that is no name)."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit it. Without it keep-alive throughput fell sevenfold.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


class Supervisor:
    """Keeps one worker in service. Made inside a running event loop."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        host, port = listener.getsockname()[:2]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._stopgap = Stopgap(listener, BACKLOG)
        self._release: str | None = None  # the one that should be served, also while its worker is being restarted
        self._serving: WorkerProcess | None = None
        self._since = _timestamp()
        self._restarts = 0
        self._delay = 0.0  # before the next start
        self._problem = ""  # why nothing is served, if nothing is
        self._changing = asyncio.Lock()
        self._swapping = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None
        self._attempt: tuple[str, asyncio.Task[None]] | None = None  # the keeper's
        self._workers: set[WorkerProcess] = set()  # every one that may still run
        self._draining: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(self) -> None:
        """Serves what `current` names, as soon as it names something."""
        self._stopgap.hold()
        self._ensure_kept()

    async def stop(self) -> None:
        """Ends every worker, the one in service after its requests. Takes at most the drain time and a few seconds."""
        self._stopgap.release()
        self._listener.close()
        for task in self._tasks - self._draining:
            task.cancel()
        serving, self._serving = self._serving, None
        if serving is not None:
            await serving.part()
            await serving.retire(parting_seconds=0.0)
        if self._tasks:
            await asyncio.wait(self._tasks)
        await asyncio.gather(*(worker.kill() for worker in self._workers))

    def kill(self) -> None:
        """Ends every worker at once."""
        for worker in self._workers:
            worker.send(signal.SIGKILL)

    async def handle(self, order: Mapping[str, Any]) -> Mapping[str, object]:
        """One command of the control socket; the answer always has `ok`, and `reason` where that is false."""
        if order.get("op") == "status":
            return self._status()
        if order.get("op") != "change":
            return {"ok": False, "reason": 'unknown op; there are "status" and "change"'}
        # A task of its own: the change goes on whatever becomes of the client that ordered it.
        change = self._spawn(self._change(order.get("release")))
        await asyncio.wait({change})
        if change.cancelled():
            return {"ok": False, "release": self._release, "reason": "the supervisor is stopping"}
        answer: Mapping[str, object] = change.result()
        return answer

    def _status(self) -> Mapping[str, object]:
        return {
            "ok": True,
            "state": "changing" if self._changing.locked() else "serving" if self._serving else "waiting",
            "release": self._release,
            "pid": self._serving.pid if self._serving else None,
            "supervisor_pid": os.getpid(),
            "address": self.address,
            "since": self._since,
            "restarts": self._restarts,
            "problem": self._problem,
        }

    async def _change(self, wanted: object) -> Mapping[str, object]:
        async with self._changing:
            began = time.monotonic()
            try:
                release = find_release(self._settings.releases, wanted)
                if self._attempt is not None and self._attempt[0] == release:
                    await asyncio.wait({self._attempt[1]})  # it is being started already
                previous = self._release
                if self._serving is not None and previous == release:
                    return {"ok": True, "release": release, "previous": previous, "seconds": 0.0}
                log("changing", release=release, previous=previous)
                if len(self._draining) >= MOST_DRAINING:
                    await asyncio.wait(self._draining, return_when=asyncio.FIRST_COMPLETED)
                await self._install(await self._start(release))
            except (ValueError, WorkerFailed) as problem:
                log("change_refused", wanted=str(wanted)[:64], serving=self._release, reason=_first_line(problem))
                return {"ok": False, "release": self._release, "reason": str(problem)}
            self._delay = FIRST_DELAY
            seconds = round(time.monotonic() - began, 3)
            return {"ok": True, "release": release, "previous": previous, "seconds": seconds}

    def _ensure_kept(self) -> None:
        if self._keeper is None or self._keeper.done():
            self._keeper = self._spawn(self._keep())

    async def _keep(self) -> None:
        """Brings a worker into service while there is none, of the release served last or else of `current`."""
        while self._serving is None:
            release = self._release or current_release(self._settings.releases)
            if release is None or (self._release is None and self._changing.locked()):
                await asyncio.sleep(POLL_SECONDS)
                continue
            if self._delay:
                await asyncio.sleep(self._delay)
            self._delay = min(LONGEST_DELAY, max(FIRST_DELAY, self._delay * 2))
            if self._serving is None:
                self._attempt = (release, self._spawn(self._bring_up(release)))
                await asyncio.wait({self._attempt[1]})
                self._attempt = None

    async def _bring_up(self, release: str) -> None:
        try:
            worker = await self._start(release)
            if self._serving is None:
                await self._install(worker)
            else:
                await self._discard(worker)  # a change was quicker
        except WorkerFailed as problem:
            self._problem = str(problem)
            log("start_failed", release=release, reason=_first_line(problem))

    async def _start(self, release: str) -> WorkerProcess:
        worker = WorkerProcess(self._settings, release, self._listener)
        self._workers.add(worker)
        try:
            await worker.start()
        except WorkerFailed:
            self._workers.discard(worker)
            raise
        return worker

    async def _discard(self, worker: WorkerProcess) -> None:
        await worker.kill()
        self._workers.discard(worker)

    async def _install(self, worker: WorkerProcess) -> None:
        """From here on `worker` answers new connections; the one before it finishes what it has."""
        async with self._swapping:
            try:
                await worker.accept()
            except WorkerFailed:
                self._workers.discard(worker)
                raise
            previous, self._serving = self._serving, worker
            self._release, self._since, self._problem = worker.release, _timestamp(), ""
            self._stopgap.release()
            log("serving", release=worker.release, pid=worker.pid, previous=previous.release if previous else None)
            self._spawn(self._watch(worker))
            if previous is not None:
                await previous.part()
                drain = self._spawn(self._drain(previous))
                self._draining.add(drain)
                drain.add_done_callback(self._draining.discard)

    async def _drain(self, worker: WorkerProcess) -> None:
        await worker.retire()
        self._workers.discard(worker)
        log("retired", release=worker.release, pid=worker.pid)

    async def _watch(self, worker: WorkerProcess) -> None:
        began = time.monotonic()
        status = await worker.exited()
        if self._serving is not worker:
            return
        self._serving = None
        self._restarts += 1
        self._problem = f"the worker ended by itself with status {status}"
        self._delay = FIRST_DELAY if time.monotonic() - began > STABLE_SECONDS else max(FIRST_DELAY, self._delay)
        log("worker_ended", release=worker.release, pid=worker.pid, status=status, restarts=self._restarts)
        self._stopgap.hold()
        self._ensure_kept()
        await self._discard(worker)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def serve(settings: Settings) -> int:
    """Runs until SIGTERM or SIGINT; a second signal ends everything at once. Returns the exit status."""
    try:
        listener = listen(settings.host, settings.port)
    except (OSError, UnicodeError) as problem:
        return _unusable(f"cannot serve on {settings.host}:{settings.port}: {problem}")
    supervisor = Supervisor(settings, listener)
    control = Control(settings.control, settings.control_mode, supervisor.handle)
    try:
        await control.open()
    except (OSError, ControlInUse) as problem:
        return _unusable(f"cannot open the control socket {settings.control}: {problem}")
    stop = asyncio.Event()

    def signalled() -> None:
        if stop.is_set():
            supervisor.kill()
            os._exit(1)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled)
    log("listening", address=supervisor.address, app=settings.app, releases=str(settings.releases), pid=os.getpid())
    supervisor.begin()
    await stop.wait()
    log("stopping")
    control.close()
    await supervisor.stop()
    log("stopped")
    return 0


def _unusable(message: str) -> int:
    sys.stderr.write(f"selfheal.supervisor: {message}\n")
    return 2


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; see `--help`."""
    settings = read_settings(arguments)
    if importlib.util.find_spec("uvicorn") is None:
        return _unusable("the app's environment has no uvicorn; install selfheal[supervisor]")
    return asyncio.run(serve(settings))


if __name__ == "__main__":
    sys.exit(main())
