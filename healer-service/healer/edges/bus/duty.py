"""Which of several healers does the work: one at a time has the duty, and when it ends, however it does, another may.

On one machine it is a lock beside the database, on Postgres a lock of a session. What the work is does not matter here.
"""

from __future__ import annotations

import fcntl
import time
from pathlib import Path
from typing import Any

import psycopg
import structlog

from healer.alive import have_noticed
from healer.edges.bus.postgres import connect
from healer.model import BadInput

log = structlog.get_logger()

LOCK = 0x6865616C6572  # "healer"; such locks are known by a number, in each database for itself

# By number and begin: a server that was started again gives the same numbers to others.
_SESSION = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_END_HOLDER = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND objsubid = 1 AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND (pid, backend_start) = (%s, %s)
"""


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

    def unproved(self) -> float:
        return 0.0

    def close(self) -> None:
        self._file.close()


class DatabaseDuty:
    """Of all processes on one Postgres database."""

    shared = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._session: tuple[Any, ...] | None = None  # that had the duty last
        self._proved = time.monotonic()
        self._is_away = False

    def take(self) -> bool:
        """False while another has it. Raises psycopg's errors when the database does not answer."""
        asked = time.monotonic()
        try:
            connection = self._connected()
            taken = _lock(connection)
            if not taken and self._session is not None and self._end_own(connection):
                taken = _lock(connection)
            if taken:
                self._session = connection.execute(_SESSION).fetchone()
                self._proved = asked
        except psycopg.Error:
            self.close()
            raise
        return taken

    def lost(self) -> bool:
        """Whether another has it by now. While the database does not answer nobody knows."""
        asked = time.monotonic()
        try:
            if self._connection is not None:
                self._connection.execute("SELECT 1")
                self._proved = asked
                return False
        except psycopg.Error:
            log.warning("the connection that holds the duty was lost; taking it again")
            self.close()
        try:
            taken = self.take()
        except psycopg.Error as error:
            if not self._is_away:
                log.warning("the database does not answer; the duty is asked for again", reason=type(error).__name__)
            self._is_away = True
            return False
        if self._is_away:
            log.info("the database answers again")
        self._is_away = False
        return not taken

    def unproved(self) -> float:
        """Seconds since it was certain that no other one has it. Waits for nothing."""
        return time.monotonic() - self._proved

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = connect(self._url, "healer duty")
            have_noticed(self._connection)
        return self._connection

    def _end_own(self, connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
        """The server may take a session of before, whose connection broke, for alive: it is ended, nobody else's is."""
        assert self._session is not None
        ended = connection.execute(_END_HOLDER, (LOCK >> 32, LOCK & 0xFFFFFFFF, *self._session)).fetchone()
        return bool(ended and ended[0])


def _lock(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
    return bool(row and row[0])
