"""A private Postgres server for the tests that want one: on a Unix socket, in a temporary folder, gone with the run.

tests/healer/conftest.py makes the fixture known; a test that takes it fails where the server is not installed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import make_url

from tests import children

# Nothing has to survive here.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass
class Postgres:
    """A running server."""

    folder: Path
    _number: Iterator[int] = field(default_factory=lambda: count(1))

    def database(self, like: str = "") -> str:
        """The address, as HEALER_DATABASE_URL takes it, of a new database: empty, or a copy of one with no connections.

        `like` is that one's address.
        """
        name = f"test{next(self._number)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {make_url(like).database if like else 'template0'}")
        return f"postgresql+psycopg://healer@/{name}?host={quote(str(self.folder))}"

    def run(self, statement: str) -> list[tuple[object, ...]]:
        """On the server's own database, for what is about the server: databases, other connections."""
        with psycopg.connect(self._address, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @property
    def _address(self) -> str:
        return f"host={self.folder} user=healer dbname=postgres"


@contextmanager
def running() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:  # a socket's path has to be short
        folder = Path(name)
        user = _other_user(folder)
        data = folder / "data"
        initdb = [_binary("initdb"), "-D", data, "-U", "healer", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run(initdb, check=True, capture_output=True, user=user, cwd=folder)
        settings = (f"unix_socket_directories={folder}", "listen_addresses=", *FAST)
        options = [word for setting in settings for word in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            command = [_binary("postgres"), "-D", data, *options]
            # Killed, it would leave its own processes.
            process = children.start(command, end_by="QUIT", stdout=log, stderr=log, user=user, cwd=folder)
        try:
            server = Postgres(folder)
            _until_ready(server, process)
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing is to be kept
            process.wait(20)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if not _binary("postgres") or not _binary("initdb"):
        pytest.fail("Postgres is needed: apt-get install postgresql")
    with running() as server:
        yield server


def _binary(name: str) -> str:
    """Debian keeps the server's off the path; "" where there is none."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(kept[-1]) if kept else "")


def _other_user(folder: Path) -> str | None:
    """Postgres refuses to run as root; whoever it runs as owns the folder."""
    if os.getuid() != 0:
        return None
    shutil.chown(folder, pwd.getpwnam("nobody").pw_name)
    return "nobody"


def _until_ready(server: Postgres, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            server.run("SELECT 1")
            return
        except psycopg.OperationalError:
            said = (server.folder / "log").read_text(errors="replace")
            assert process.poll() is None and time.monotonic() < deadline, f"Postgres does not start: {said}"
            time.sleep(0.05)
