"""Connections, transactions and the append to the event log. What is stored where is in the modules beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, Executable, RowMapping, create_engine, event, insert, make_url, select

from healer.edges.store import tables

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


# Built once: putting a statement together takes SQLAlchemy longer than SQLite takes to run it.
_APPEND = insert(tables.events)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Transaction:
    """One write transaction; the events appended in it are announced after its commit."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.announced = False

    def run(self, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
        """Rows touched. `values` are those of the statement's bound parameters or columns."""
        return int(getattr(self.connection.execute(statement, values), "rowcount", 0))

    def one(self, statement: Executable, values: Mapping[str, Any] | None = None) -> RowMapping | None:
        return self.connection.execute(statement, values).mappings().first()

    def all(self, statement: Executable) -> Sequence[RowMapping]:
        return self.connection.execute(statement).mappings().all()

    def append(
        self,
        type: str,
        key: str,
        payload: Mapping[str, Any],
        *,
        trace_id: str,
        ui_hint: str,
        once: str | None = None,
    ) -> None:
        """Add a line to the log. With `once`, a second line of the same name is left out."""
        if once is not None and self.one(select(tables.events.c.id).where(tables.events.c.once == once)):
            return
        values = {
            "type": type,
            "key": key,
            "payload": dict(payload),
            "timestamp": now(),
            "trace_id": trace_id,
            "ui_hint": ui_hint,
            "once": once,
        }
        self.connection.execute(_APPEND, values)
        self.announced = True


class Database:
    """An engine that knows how to write: short transactions, events announced after the commit."""

    def __init__(self, url: str, on_event: Callable[[], None] = lambda: None) -> None:
        self.url = url
        self._on_event = on_event
        self._writing = threading.Lock()
        self.engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        self.sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.sqlite:
            _tune_sqlite(self.engine)

    def migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        with self.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        # One writer at a time in this process: SQLite lets the others wait in a sleep loop, which costs tens of ms.
        with self._writing, self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            transaction = Transaction(connection)
            yield transaction
        if transaction.announced:
            self._on_event()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self.engine.connect() as connection:
            yield Transaction(connection)

    def close(self) -> None:
        self.engine.dispose()

    def check(self) -> None:
        with self.reading() as transaction:
            transaction.one(select(1))


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        # NORMAL in WAL mode loses nothing when the process is killed; FULL would only add to that when the power fails.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer that begins as a reader cannot wait for the lock it then needs: it fails at once.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
