"""A private Redis server for the tests that want one: on a free port, gone with the run, and restarted at will."""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests import children

PASSWORD = "not-to-be-told"


class RedisServer:
    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"
        self._folder = folder
        self._start()

    def run(self, *words: str) -> object:
        with Redis.from_url(self.url) as client:
            return client.execute_command(*words)

    def restart(self) -> None:
        """It keeps nothing."""
        self.stop()
        self._start()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(20)

    def _start(self) -> None:
        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--save", ""]
        with (self._folder / "log").open("ab") as log:
            command = [shutil.which("redis-server"), *words, "--dir", self._folder]
            self._process = children.start(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.run("PING")
                return
            except RedisError:
                assert self._process.poll() is None and time.monotonic() < deadline, "Redis does not start"
                time.sleep(0.02)


@contextmanager
def running() -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(Path(folder))
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        pytest.fail("Redis is needed: apt-get install redis-server")
    with running() as server:
        yield server
