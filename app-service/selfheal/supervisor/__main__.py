"""`python -m selfheal.supervisor`: serves one release of an app and changes to another without dropping a request.

This is the command: it binds the listening socket once, which outlives every worker, so that connections wait rather
than fail while one is restarted, opens the control socket, and ends on a signal. The rest is `supervisor`'s.
"""

from __future__ import annotations

import asyncio
import errno
import importlib.util
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence

from .control import Control, ControlInUse
from .log import log
from .settings import Settings, read_settings
from .supervisor import Supervisor

BACKLOG = 2048
TAKEN_SECONDS = 2.0


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


async def listen_patiently(host: str, port: int) -> socket.socket:
    """The workers of a supervisor that was killed hold its port for a moment longer."""
    end = time.monotonic() + TAKEN_SECONDS
    while True:
        try:
            return listen(host, port)
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE or time.monotonic() > end:
                raise
        await asyncio.sleep(0.1)


async def serve(settings: Settings) -> int:
    """Runs until SIGTERM or SIGINT; a second signal ends everything at once. Returns the exit status."""
    try:
        listener = await listen_patiently(settings.host, settings.port)
    except (OSError, UnicodeError) as problem:
        return _unusable(f"cannot serve on {settings.host}:{settings.port}: {problem}")
    supervisor = Supervisor(settings, listener, BACKLOG)
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
