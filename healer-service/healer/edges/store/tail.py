"""The end of the event log in the database: events are added here, and the record of the end moves with them.

What a report waits for goes to the driver itself: on its way through SQLAlchemy each statement would take ten times as
long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Text, bindparam, cast, func, insert, select, update

from healer.edges.store import tables
from healer.edges.store.chain import COVERED, Chain, Head, Record

# The payload as it lies there: the digest covers the text, and a verifier must survive what is no JSON.
STORED = select(
    *(tables.events.c[name] for name in COVERED if name != "payload"),
    cast(tables.events.c.payload, Text).label("payload"),
    tables.events.c.digest,
).order_by(tables.events.c.id)

_READ = "SELECT count, last_id, digest, seal FROM chain WHERE id = 1"
_MOVE = "UPDATE chain SET count = ?, last_id = ?, digest = ?, seal = ? WHERE id = 1"
_COLUMNS = (*COVERED, "digest")
_ADD = f"INSERT INTO events ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' for _ in _COLUMNS)})"  # noqa: S608 - our names

_CHAINED = select(tables.events.c.id).where(tables.events.c.digest != "").limit(1)
_LAST = select(tables.events.c.id, tables.events.c.digest).order_by(tables.events.c.id.desc()).limit(1)
_GIVE_DIGEST = update(tables.events).where(tables.events.c.id == bindparam("event")).values(digest=bindparam("given"))


def read_record(connection: Connection, *, lock: bool = False) -> Record | None:
    """With `lock` it stays ours until the end of the transaction; on SQLite, where a writer is alone, it is anyhow."""
    locking = " FOR UPDATE" if lock and connection.dialect.name != "sqlite" else ""
    cursor = connection.connection.cursor()
    cursor.execute(_READ + locking)
    row = cursor.fetchone()
    cursor.close()
    return Record(Head(row[0], row[1], str(row[2])), str(row[3])) if row else None


def move_record(connection: Connection, record: Record) -> None:
    head = record.head
    _run(connection, _MOVE, (head.count, head.last_id, head.digest, record.seal))


def add_event(connection: Connection, event: Mapping[str, Any]) -> None:
    """`event` has the covered columns, its payload as text, and the digest."""
    _run(connection, _ADD, tuple(event[name] for name in _COLUMNS))


def begin(connection: Connection, chain: Chain) -> tuple[Record, int]:
    """The first record, and how many events from before there was a chain got their digests only now.

    Where events have digests already somebody took the record away: the new one is left without its seal.
    """
    older = 0
    if connection.execute(_CHAINED).first() is None:
        record = chain.sealed(_chain_older(connection, chain))
        older = record.head.count
    else:
        count = connection.execute(select(func.count()).select_from(tables.events)).scalar_one()
        last = connection.execute(_LAST).mappings().one()
        record = Record(Head(count, last["id"], last["digest"]), "")
    head = record.head
    values = {"count": head.count, "last_id": head.last_id, "digest": head.digest, "seal": record.seal}
    connection.execute(insert(tables.chain).values(id=1, **values))
    return record, older


def _chain_older(connection: Connection, chain: Chain) -> Head:
    head = Head()
    while rows := connection.execute(STORED.where(tables.events.c.id > head.last_id).limit(1000)).mappings().all():
        for row in rows:
            digest = chain.digest(head.digest, {**row})
            connection.execute(_GIVE_DIGEST, {"event": row["id"], "given": digest})
            head = Head(head.count + 1, row["id"], digest)
    return head


def first_since(connection: Connection, stamp: str) -> int:
    """The id of the first event from then on, found as times rise with the ids: where somebody changed one, or a clock
    was set back, it may be another. An index by time would make each append a tenth slower.
    """
    columns = tables.events.c
    # One query each: for both together SQLite reads a whole index.
    low = connection.execute(select(func.coalesce(func.min(columns.id), 1))).scalar_one()
    last = connection.execute(select(func.max(columns.id))).scalar()
    high = low if last is None else last + 1
    while low < high:
        middle = (low + high) // 2
        at = select(columns.timestamp).where(columns.id >= middle).order_by(columns.id).limit(1)
        if str(connection.execute(at).scalar_one()) < stamp:
            low = middle + 1
        else:
            high = middle
    return int(low)


def run_each(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Once for each row; `?` stands for a value."""
    cursor = connection.connection.cursor()
    cursor.executemany(_styled(connection, statement), rows)
    cursor.close()


def _run(connection: Connection, statement: str, values: tuple[Any, ...]) -> None:
    cursor = connection.connection.cursor()
    cursor.execute(_styled(connection, statement), values)
    cursor.close()


def _styled(connection: Connection, statement: str) -> str:
    return statement if connection.dialect.paramstyle == "qmark" else statement.replace("?", "%s")
