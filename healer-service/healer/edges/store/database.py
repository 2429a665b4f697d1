"""Connections, transactions and the append to the event log. What is stored where is in the modules beside it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Executable, RowMapping, bindparam, create_engine, event, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from healer.alive import ENGINE
from healer.edges.store import tables
from healer.edges.store.chain import Chain, Head, Record
from healer.edges.store.tail import add_event, begin, move_record, read_record
from healer.model import BadInput

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
WRITERS = 0x6865616C  # number of the lock that whoever writes to Postgres holds
MOST_CONNECTIONS = 20  # five stay open
NOT_MADE = "the tables are not made yet"

# Built once: putting a statement together takes SQLAlchemy longer than SQLite takes to run it.
_ONCE = select(tables.events.c.id).where(tables.events.c.once == bindparam("name"))


def now() -> str:
    return stamp(datetime.now(UTC))


def age(stamp: str) -> timedelta:
    """How long ago a stamp as `now` gives it was."""
    return datetime.now(UTC) - datetime.fromisoformat(stamp)


def ago(span: timedelta) -> str:
    """The stamp of then."""
    return stamp(datetime.now(UTC) - span)


def hour_of(stamp: str) -> int:
    """The hour of a stamp, counted from 1970."""
    return int(datetime.fromisoformat(stamp).timestamp()) // 3600


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


class Transaction:
    """One write transaction; the events appended in it are announced after its commit."""

    def __init__(self, connection: Connection, chain: Chain) -> None:
        self.connection = connection
        self._chain = chain
        self._record: Record | None = None  # as it was before the first append
        self._head = Head()

    @property
    def appended(self) -> bool:
        return self._record is not None and self._head != self._record.head

    def run(self, statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None) -> int:
        """Rows touched. `values` are those of the statement's bound parameters or columns; several run it so often."""
        return int(getattr(self.connection.execute(statement, values), "rowcount", 0))

    def one(self, statement: Executable, values: Mapping[str, Any] | None = None) -> RowMapping | None:
        return self.connection.execute(statement, values).mappings().first()

    def all(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Sequence[RowMapping]:
        return self.connection.execute(statement, values).mappings().all()

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
        head = self._take_the_end()
        if once is not None and self.one(_ONCE, {"name": once}):
            return
        values = {
            "id": head.last_id + 1,
            "type": type,
            "key": key,
            "payload": json.dumps(dict(payload)),
            "timestamp": now(),
            "trace_id": trace_id,
            "ui_hint": ui_hint,
            "once": once,
        }
        digest = self._chain.digest(head.digest, values)
        add_event(self.connection, {**values, "digest": digest})
        self._head = Head(head.count + 1, head.last_id + 1, digest)

    def begin_chain(self) -> None:
        """Make the record of the log's end where there is none; the log itself tells what was chained afterwards."""
        if read_record(self.connection, lock=True) is not None:
            return
        self._record, older = begin(self.connection, self._chain)
        self._head = self._record.head
        if older:
            payload = {"chained": older, "up_to": self._head.last_id}
            self.append("audit.began", "audit", payload, trace_id="", ui_hint="control")

    def finish(self) -> None:
        """Write down where the log ends now."""
        if self._record is not None and self.appended:
            move_record(self.connection, self._chain.follow(self._record, self._head))

    def _take_the_end(self) -> Head:
        """Ours until the commit: the next event's id and digest follow from it."""
        if self._record is None:
            self._record = read_record(self.connection, lock=True)
            if self._record is None:
                self.begin_chain()
            else:
                self._head = self._record.head
        return self._head


class Database:
    """An engine that knows how to write: short transactions, events announced after the commit."""

    def __init__(self, url: str, on_event: Callable[[], None] = lambda: None, chain: Chain | None = None) -> None:
        self.url = url
        self._chain = chain or Chain()
        self._on_event = on_event
        self._writing = threading.Lock()
        self.sqlite = make_url(url).get_backend_name() == "sqlite"
        server: dict[str, Any] = {} if self.sqlite else {"pool_pre_ping": True, **ENGINE}
        self.engine = create_engine(url, max_overflow=MOST_CONNECTIONS - 5, **server)
        if self.sqlite:
            _tune_sqlite(self.engine)

    @property
    def kind(self) -> str:
        return self.engine.dialect.name

    def file(self) -> Path | None:
        """Where SQLite keeps it; None for a database behind a server."""
        return Path(self.engine.url.database or "") if self.sqlite else None

    def lag(self) -> str:
        """What `migrate` would still have to do; "" when nothing. Raises BadInput when the database does not answer, or
        a newer healer made its tables.
        """
        file = self.file()
        if file is not None and not file.is_file():
            return NOT_MADE
        try:
            with self.engine.connect() as connection:
                current = MigrationContext.configure(connection).get_current_revision()
        except SQLAlchemyError as error:
            raise BadInput(f"the healer's database cannot be read: {str(error).splitlines()[0]}") from error
        if current is None:
            return NOT_MADE
        known = ScriptDirectory.from_config(_alembic())
        if current not in {revision.revision for revision in known.walk_revisions()}:
            raise BadInput(
                f"the tables of the healer's database are at revision {current}, which this version does not know: a "
                "newer healer made them; start that version, or put back the backup from before the upgrade"
            )
        newest = known.get_current_head()
        return "" if current == newest else f"the tables are at revision {current}, the newest is {newest}"

    def migrate(self) -> None:
        config = _alembic()
        with self.engine.begin() as connection:
            if not self.sqlite:
                # Between two statements a migration may compute for minutes.
                connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            self._wait_for_others(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        self._learn_to_shrink()
        with self.writing() as transaction:
            transaction.begin_chain()

    def _learn_to_shrink(self) -> None:
        """A file from before there was a retention is written anew, once."""
        if not self.sqlite:
            return
        raw = self.engine.raw_connection()  # which, other than SQLAlchemy's own, begins no transaction
        try:
            cursor = raw.cursor()
            if not cursor.execute("PRAGMA auto_vacuum").fetchone()[0]:
                cursor.execute("VACUUM")
            cursor.close()
        finally:
            raw.close()

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        # One writer at a time in this process: SQLite lets the others wait in a sleep loop, which costs tens of ms.
        with self._writing, self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            self._wait_for_others(connection)
            transaction = Transaction(connection, self._chain)
            yield transaction
            transaction.finish()
        if transaction.appended:
            self._on_event()

    def _wait_for_others(self, connection: Connection) -> None:
        """Other processes write to a server's database, too: until the commit this one is alone, as on SQLite. They
        would find the same incident new, or wait for each other's rows for ever.
        """
        if not self.sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self.engine.connect() as connection:
            yield Transaction(connection, self._chain)

    def shrink(self, pages: int) -> bool:
        """Give so many empty pages of SQLite's file back to the disk; False when there are none."""
        if not self.sqlite:
            return False  # a server looks after its own files
        with self._writing, self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            cursor = connection.connection.cursor()
            cursor.execute(f"PRAGMA incremental_vacuum({pages})")
            cursor.fetchall()  # a page with each step
            left = cursor.execute("PRAGMA freelist_count").fetchone()[0]
            cursor.close()
        return bool(left)

    def close(self) -> None:
        self.engine.dispose()

    def check(self) -> None:
        with self.reading() as transaction:
            transaction.one(select(1))


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        # NORMAL in WAL mode loses nothing when the process is killed; FULL would only add to that when the power fails.
        # What is deleted is to make the file smaller, too; that can only be said before the first table is there.
        for pragma in (
            "auto_vacuum=INCREMENTAL",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "busy_timeout=10000",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer that begins as a reader cannot wait for the lock it then needs: it fails at once.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
