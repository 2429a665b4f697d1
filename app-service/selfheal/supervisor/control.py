"""The supervisor's control socket: one JSON line in, one JSON line out.

It does not know the commands: a line that is a JSON object goes to the handler it was given.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

LINE_BYTES = 1 << 20  # a change order brings the requests of its smoke with their bodies
IDLE_SECONDS = 60.0
_DISCARD_BYTES = 16 << 20

Handler = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, object]]]


class ControlInUse(Exception):
    """The path cannot be used for the socket; the text says why."""


class Control:
    """A Unix stream socket. A client may send several lines, one after the other's answer."""

    def __init__(self, path: Path, mode: int, handler: Handler) -> None:
        self._path = path
        self._mode = mode
        self._handler = handler
        self._server: asyncio.AbstractServer | None = None
        self._inode = -1

    async def open(self) -> None:
        """Raises ControlInUse, or OSError where the system refuses the path."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _refuse_in_use(self._path)
        # Under another name until it listens: whoever sees the path may connect. Renaming replaces a stale one.
        early = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        early.unlink(missing_ok=True)
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)  # never, not even for a moment, wider than asked for
        try:
            bound.bind(str(early))
        except OSError:
            bound.close()
            raise
        finally:
            os.umask(before)
        early.chmod(self._mode)
        self._inode = early.stat().st_ino
        self._server = await asyncio.start_unix_server(self._converse, sock=bound, limit=LINE_BYTES)
        early.replace(self._path)

    def close(self) -> None:
        """Takes no more clients. The path is removed unless another supervisor has put its own there."""
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(OSError):
                if self._path.stat().st_ino == self._inode:
                    self._path.unlink()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                line = await _line(reader)
                if line == b"":
                    return
                answer = await self._answer(line)
                writer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
                await writer.drain()
                if line is None:
                    await _discard(reader)
                    return
        except OSError:
            return  # the client has gone; what it ordered goes on
        finally:
            writer.close()

    async def _answer(self, line: bytes | None) -> Mapping[str, object]:
        if line is None:
            return {"ok": False, "reason": f"a line may have at most {LINE_BYTES} bytes"}
        try:
            order = json.loads(line)
        except (ValueError, RecursionError):
            return {"ok": False, "reason": "the line is not JSON"}
        if not isinstance(order, dict):
            return {"ok": False, "reason": 'the line is not a JSON object like {"op":"status"}'}
        return await self._handler(order)


def _refuse_in_use(path: Path) -> None:
    """Raises ControlInUse for a file and for a socket that answers; one left by a killed supervisor does not."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise ControlInUse(f"{path} exists and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return
        except OSError as problem:
            raise ControlInUse(f"{path} is in use: {problem}") from problem
    raise ControlInUse(f"another supervisor answers at {path}")


async def _line(reader: asyncio.StreamReader) -> bytes | None:
    """The next line; empty at the end or after a minute's silence, None for one that is too long."""
    reading = asyncio.ensure_future(reader.readline())
    try:
        await asyncio.wait({reading}, timeout=IDLE_SECONDS)
        return reading.result() if reading.done() else b""
    except ValueError:
        return None
    finally:
        reading.cancel()


async def _discard(reader: asyncio.StreamReader) -> None:
    """To close on unread bytes would break the client's writing before it reads why."""
    left = _DISCARD_BYTES
    while left > 0:
        reading = asyncio.ensure_future(reader.read(left))
        await asyncio.wait({reading}, timeout=1.0)
        if not reading.done() or not reading.result():
            reading.cancel()
            return
        left -= len(reading.result())
