"""Answers 503 on the service's socket while no release can.

It does not start at once: a worker is back within a second after most crashes, and connections that wait for it in the
kernel's queue then fail nobody. Only when that lasts is a clear refusal better than silence, also for health checks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket

PATIENCE_SECONDS = 3.0
_READ_SECONDS = 5.0
_DETAIL = "No release of this service is up. The supervisor keeps trying; its log says why."


class Stopgap:
    """`hold` when the last worker is gone, `release` once another one accepts; both may be repeated."""

    def __init__(self, listener: socket.socket, backlog: int) -> None:
        self._listener = listener
        self._backlog = backlog
        self._task: asyncio.Task[None] | None = None

    def hold(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._serve())

    def release(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _serve(self) -> None:
        await asyncio.sleep(PATIENCE_SECONDS)
        # asyncio calls listen() again, and its default of 100 would shrink the queue that workers share.
        server = await asyncio.start_server(_refuse, sock=self._listener.dup(), backlog=self._backlog)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            server.close()


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    body = json.dumps(
        {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": _DETAIL}
    ).encode()
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    )

    async def converse() -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await reader.readuntil(b"\r\n\r\n")
        writer.write(head.encode("ascii") + body)
        writer.write_eof()
        # To close on unread data (a body, say) would reset the connection and could take the answer with it.
        while await reader.read(65536):
            pass

    talk = asyncio.ensure_future(converse())
    try:
        await asyncio.wait({talk}, timeout=_READ_SECONDS)
    finally:
        talk.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await talk
        writer.close()
