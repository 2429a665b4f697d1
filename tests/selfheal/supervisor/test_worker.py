"""The worker alone, ordered about over its channel as the supervisor does."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from selfheal.supervisor.meter import Figures, Message, Receive, Send
from selfheal.supervisor.smoke import LONGEST_METHOD, LONGEST_WATCH, MOST_REQUESTS, checked
from selfheal.supervisor.worker import Farewell, Worker

APP = """
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"""
CLIENTS = 20


def _order(channel: socket.socket, order: bytes) -> bytes:
    channel.sendall(order)
    return channel.recv(64)


def test_connections_accepted_in_the_moment_of_parting_are_answered(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    listener = socket.create_server(("127.0.0.1", 0), backlog=CLIENTS)
    listener.setblocking(False)
    mine, its = socket.socketpair()
    mine.settimeout(20)
    command = [sys.executable, "-m", "selfheal.supervisor.worker", "--app", "app:app", "--directory", str(tmp_path)]
    command += ["--listener", str(listener.fileno()), "--channel", str(its.fileno()), "--drain-seconds", "5"]
    worker = subprocess.Popen(command, pass_fds=(listener.fileno(), its.fileno()))
    its.close()
    clients = []
    try:
        assert mine.recv(64).startswith(b"started ")
        assert _order(mine, b"accept\n") == b"accepting\n"
        worker.send_signal(signal.SIGSTOP)  # the order and the connections then reach it in one turn of its loop
        os.waitid(os.P_PID, worker.pid, os.WSTOPPED)
        mine.sendall(b"part\n")
        for _ in range(CLIENTS):
            client = socket.create_connection(listener.getsockname(), timeout=20)
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            clients.append(client)
        worker.send_signal(signal.SIGCONT)
        assert mine.recv(64) == b"parting\n"
        listener.setblocking(False)
        left = 0
        while True:  # what it had not accepted waits for the next worker
            try:
                listener.accept()[0].close()
                left += 1
            except BlockingIOError:
                break
        answers = [_answer(client) for client in clients]
        assert answers.count(b"HTTP/1.1 200 OK") == CLIENTS - left
        assert answers.count(b"") == left
    finally:
        worker.kill()
        worker.wait()
        for item in (*clients, listener, mine):
            item.close()


def _answer(client: socket.socket) -> bytes:
    """The status line; empty where the connection ended without one."""
    try:
        return client.recv(4096).partition(b"\r\n")[0]
    except ConnectionResetError:
        return b""


async def _app(scope: Message, _receive: Receive, send: Send) -> None:
    if scope["path"] == "/crash":
        raise RuntimeError("as a broken release does")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


class _Commanded:
    """A worker in this process, its channel and its two ports."""

    def __init__(self, channel: tuple[asyncio.StreamReader, asyncio.StreamWriter], private: int, shared: int) -> None:
        self._reader, self._writer = channel
        self.private, self.shared = private, shared

    async def order(self, order: str) -> bytes:
        self._writer.write(order.encode() + b"\n")
        return await asyncio.wait_for(self._reader.readline(), 20)

    async def figures(self) -> Figures:
        return Figures.of(json.loads(await self.order("figures")))

    async def get(self, port: int, path: str) -> bytes:
        """The whole answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer


@asynccontextmanager
async def _worker() -> AsyncIterator[_Commanded]:
    config = uvicorn.Config(_app, log_config=None, lifespan="off")
    config.load()
    farewell = Farewell(config.loaded_app)
    config.loaded_app = farewell
    mine, its = socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as shared, socket.create_server(("127.0.0.1", 0)) as private:
        # The supervisor keeps a descriptor of its own.
        worker = Worker(config, farewell, shared.dup(), its)
        running = asyncio.get_running_loop().create_task(worker.serve(sockets=[private]))
        channel = await asyncio.open_connection(sock=mine)
        port = int((await asyncio.wait_for(channel[0].readline(), 20)).split()[1])
        try:
            yield _Commanded(channel, port, shared.getsockname()[1])
        finally:
            channel[1].close()  # ends it
            await asyncio.wait_for(running, 20)


def test_only_what_users_get_is_counted() -> None:
    async def serve() -> None:
        async with _worker() as worker:
            assert await worker.order('watch [{"method":"GET","path":"/*"}]') == b"watching\n"
            assert await worker.order("accept") == b"accepting\n"
            for path in ("/health", "/crash"):
                await worker.get(worker.private, path)
            assert await worker.figures() == Figures()
            assert (await worker.get(worker.shared, "/orders")).endswith(b"ok")
            assert (await worker.get(worker.shared, "/crash")).startswith(b"HTTP/1.1 500")
            figures = await worker.figures()
            assert replace(figures, counts=()) == Figures(requests=2, failed=1, counts=(), watched=1, watched_failed=1)

    asyncio.run(serve())


def test_the_private_port_is_open_until_the_worker_parts() -> None:
    async def serve() -> None:
        async with _worker() as worker:
            for order in ("figures", "accept"):
                await worker.order(order)
                assert (await worker.get(worker.private, "/health")).endswith(b"ok")
            assert await worker.order("part") == b"parting\n"
            with pytest.raises(OSError):
                await worker.get(worker.private, "/health")
            assert (await worker.figures()).requests == 0  # it can still be asked

    asyncio.run(serve())


def test_the_longest_watch_is_taken_whole() -> None:
    async def serve() -> None:
        async with _worker() as worker:
            longest = {"method": "G" * LONGEST_METHOD, "path": "/" + "🍐" * (LONGEST_WATCH - 1)}
            _, kinds = checked({"watch": [longest] * MOST_REQUESTS})
            assert await worker.order(f"watch {json.dumps(kinds)}") == b"watching\n"

    asyncio.run(serve())
