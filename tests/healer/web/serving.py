"""Serves the canned healer on a port of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from tests.healer.web.canned import CannedHealer


@contextmanager
def serving() -> Iterator[tuple[CannedHealer, str]]:
    canned = CannedHealer()
    config = uvicorn.Config(canned.app(), port=0, log_level="error", timeout_graceful_shutdown=1)
    listening = config.bind_socket()
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as on a socket that uvicorn's server makes itself
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield canned, "http://{}:{}".format(*listening.getsockname())
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
