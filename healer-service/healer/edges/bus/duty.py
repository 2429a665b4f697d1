"""Which of several healers does the work: one at a time has the duty, and when it ends, however it does, another may.

On one machine it is a lock beside the database, on Postgres a lock of a session. What the work is does not matter here.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

import psycopg
import structlog

from healer.edges.bus.postgres import connect
from healer.model import BadInput

log = structlog.get_logger()

LOCK = 0x6865616C6572  # "healer"; such locks are known by a number, in each database for itself
# The server, too, must notice when a machine is gone, for until then the lock is held.
_NOTICE = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"


class HomeDuty:
    """Two processes that share an executor id would each recover the other's running work."""

    shared = False

    def __init__(self, path: Path) -> None:
        self._file = path.open("w")

    def take(self) -> bool:
        """Raises BadInput when another has it: here nobody stands by."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            folder = Path(self._file.name).parent
            raise BadInput(f"another healer runs on {folder}; stop it, or set HEALER_HOME to another folder") from None
        return True

    def lost(self) -> bool:
        return False

    def close(self) -> None:
        self._file.close()


class DatabaseDuty:
    """Of all processes on one Postgres database."""

    shared = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def take(self) -> bool:
        """False while another has it. Raises psycopg's errors when the database does not answer."""
        if self._connection is None:
            self._connection = connect(self._url, "healer duty")
            self._connection.execute(_NOTICE)
        try:
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
        except psycopg.Error:
            self.close()
            raise
        return bool(row and row[0])

    def lost(self) -> bool:
        """Whether another has it by now. While the database does not answer nobody can take it, nor write there."""
        try:
            if self._connection is not None:
                self._connection.execute("SELECT 1")
                return False
        except psycopg.Error:
            log.warning("the connection that holds the duty was lost; taking it again")
            self.close()
        try:
            return not self.take()
        except psycopg.Error as error:
            log.warning("the database does not answer; the duty is asked for again", reason=type(error).__name__)
            return False

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
