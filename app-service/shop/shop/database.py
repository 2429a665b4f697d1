"""The SQLite database: the engine, a session for each request, and the tables.

Two processes share the file while a new release takes over, so readers never wait (WAL) and a writer takes its lock at
the start of the transaction: a read that turns into a write later would fail at once instead of waiting its turn.
"""

import time
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session

from shop.models import Base
from shop.seed import fill

BUSY_TIMEOUT = 5.0
READING = {"GET", "HEAD", "OPTIONS"}


def connect(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # The driver's own transaction handling is switched off so that `begin` below decides.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def prepare(engine: Engine) -> None:
    """Makes the tables and puts the first catalogue in where there is none; safe when two processes start at once."""
    _use_wal(engine)
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        Base.metadata.create_all(connection)
        with Session(connection) as filling:
            fill(filling)
            filling.flush()


def _use_wal(engine: Engine) -> None:
    # SQLite does not wait for the busy timeout while the journal mode changes.
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode = WAL")
            return
        except engine.dialect.loaded_dbapi.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        finally:
            connection.close()


def session(request: Request) -> Iterator[Session]:
    """A session that is rolled back unless the route commits."""
    with Session(request.app.state.engine, expire_on_commit=False) as opened:
        if request.method not in READING:
            opened.connection(execution_options={"writing": True})
        yield opened


Db = Annotated[Session, Depends(session)]
