"""The process that serves one release: warms up on a private port, then takes over the supervisor's socket when told.

It does not decide anything: the supervisor says when to accept and when to part, over the channel it was started with.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import ctypes
import inspect
import json
import math
import os
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import uvicorn
from uvicorn.importer import ImportFromStringError, import_from_string

from .meter import App, Message, Meter, Receive, Send

_PR_SET_PDEATHSIG = 1
_ORDER_BYTES = 1 << 20  # an order's line; what to watch may take many times the 64 KiB of asyncio


class Farewell:
    """Passes requests to the app and, once `parting`, tells clients to open their next connection elsewhere.

    A connection that is simply closed can meet a request already on its way; with `Connection: close` on an answer the
    client knows before it sends. Without it 107 of 258,919 requests failed over 20 change-overs, with it none.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.parting = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope.get("http_version", "1.1").startswith("1"):
            await self.app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if self.parting and message["type"] == "http.response.start":
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"connection"]
                message = {**message, "headers": [*kept, (b"connection", b"close")]}
            await send(message)

        await self.app(scope, receive, answer)


class Worker(uvicorn.Server):
    """uvicorn's server on a private socket, with a second, shared one that it accepts on between two orders.

    The supervisor asks on the private one whether it is well; only what comes over the shared one is counted.
    """

    def __init__(
        self, config: uvicorn.Config, farewell: Farewell, shared: socket.socket, channel: socket.socket
    ) -> None:
        super().__init__(config)
        self._farewell = farewell
        self._meter = Meter(farewell)
        self._shared = shared
        self._channel = channel
        self._orders: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.should_exit or not sockets:
            return
        reader, writer = await asyncio.open_connection(sock=self._channel, limit=_ORDER_BYTES)
        writer.write(b"started %d\n" % sockets[0].getsockname()[1])
        self._orders = asyncio.get_running_loop().create_task(self._obey(reader, writer))

    async def _obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async for order in reader:
                word, _, rest = order.rstrip().partition(b" ")
                if word == b"accept":
                    await self._accept()
                    writer.write(b"accepting\n")
                elif word == b"part":
                    await self._part()
                    writer.write(b"parting\n")
                elif word == b"figures":
                    writer.write(json.dumps(self._meter.figures().document()).encode("ascii") + b"\n")
                elif word == b"watch":
                    self._meter.watch(json.loads(rest))
                    writer.write(b"watching\n")
        except OSError:
            pass  # it was gone before it could be told anything
        # The supervisor is gone. Linux kills us before we get here; elsewhere nobody would free the port.
        self.should_exit = True

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        counted = copy.copy(self.config)
        counted.loaded_app = self._meter

        def protocol() -> asyncio.Protocol:
            # The call uvicorn makes for its own sockets; `Any` because its protocol classes share no typed constructor.
            make: Any = counted.http_protocol_class
            made: asyncio.Protocol = make(
                config=counted, server_state=self.server_state, app_state=self.lifespan.state, _loop=loop
            )
            return made

        self.servers.append(await loop.create_server(protocol, sock=self._shared, backlog=counted.backlog))

    async def _part(self) -> None:
        self._farewell.parting = True
        loop = asyncio.get_running_loop()
        for server in self.servers:
            for listening in server.sockets:
                loop.remove_reader(listening)  # no new connections from here on
        # asyncio drops a connection it has accepted but not yet handed to a closed server, so that one goes first.
        await asyncio.sleep(0)
        for server in self.servers:
            server.close()  # this process's descriptor only: the supervisor's keeps listening


def interface_of(app: object) -> Literal["auto", "asgi3", "wsgi"]:
    """uvicorn's name for the kind of callable. It does not tell WSGI by itself, nor ASGI in a plain function."""
    if inspect.isclass(app) or not callable(app):
        return "auto"
    if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None)):  # noqa: B004
        return "auto"
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return "auto"
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = sum(1 for one in parameters if one.kind in positional and one.default is one.empty)
    return "wsgi" if needed == 2 else "asgi3" if needed == 3 else "auto"


def die_with_parent() -> None:
    """A supervisor that is killed leaves nobody to command its workers, and their sockets would block the next one."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def is_closed(channel: socket.socket) -> bool:
    """Whether the supervisor was killed before `die_with_parent` took hold."""
    try:
        return not channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False


def enter(directory: str) -> None:
    """Makes the release the working directory and the first place modules come from."""
    before = str(Path.cwd())
    os.chdir(directory)
    if sys.path and sys.path[0] in ("", before):
        # `-m` put the supervisor's directory there: a module that the release no longer has must not come from it.
        del sys.path[0]
    sys.path.insert(0, directory)


def _from_here(problem: Exception) -> TracebackType | None:
    """The traceback from its first frame in the working directory: a person is shown few lines, and the dozen frames of
    import machinery before it say nothing. A syntax error names its place itself."""
    here, found = str(Path.cwd()) + os.sep, problem.__traceback__
    while found is not None and not found.tb_frame.f_code.co_filename.startswith(here):
        found = found.tb_next
    return found if found is not None or isinstance(problem, SyntaxError) else problem.__traceback__


def load(app: str, access_log: bool, drain_seconds: float) -> tuple[uvicorn.Config, Farewell]:
    """Imports the app; what its import raises ends the process with a traceback that begins in the release."""
    # Before the import, as uvicorn's own command does: an app may change the logging that this sets up.
    config = uvicorn.Config(app, access_log=access_log, timeout_graceful_shutdown=math.ceil(drain_seconds))
    try:
        config.interface = interface_of(import_from_string(app))
    except ImportFromStringError as problem:
        sys.exit(f"selfheal.supervisor.worker: {problem}")
    except Exception as problem:
        traceback.print_exception(type(problem), problem, _from_here(problem))
        sys.exit(1)
    if config.interface == "wsgi":
        config.lifespan = "off"
    config.load()
    farewell = Farewell(config.loaded_app)
    config.loaded_app = farewell
    return config, farewell


def main(arguments: Sequence[str] | None = None) -> None:
    """Started by the supervisor only; the two descriptors are the shared listening socket and the channel."""
    parser = argparse.ArgumentParser(prog="selfheal.supervisor.worker")
    parser.add_argument("--app", required=True)
    parser.add_argument("--directory", required=True)
    parser.add_argument("--listener", type=int, required=True)
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--drain-seconds", type=float, required=True)
    parser.add_argument("--access-log", action="store_true")
    given = parser.parse_args(arguments)
    die_with_parent()
    shared, channel = socket.socket(fileno=given.listener), socket.socket(fileno=given.channel)
    if is_closed(channel):
        sys.exit("selfheal.supervisor.worker: the supervisor ended before this worker had started")
    for inherited in (shared, channel):
        inherited.set_inheritable(False)  # programs that the app starts must not hold the port
    enter(given.directory)
    config, farewell = load(given.app, given.access_log, given.drain_seconds)
    # TCP rather than a Unix socket: apps that look at their client's address would fail their health check without one.
    private = socket.create_server(("127.0.0.1", 0))
    Worker(config, farewell, shared, channel).run(sockets=[private])


if __name__ == "__main__":
    main()
