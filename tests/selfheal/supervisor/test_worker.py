"""The worker alone, ordered about over its channel as the supervisor does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

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
