"""The tables of rooms and reservations."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from . import settings

COLUMNS = ("starts_at", "nights", "guest")


@contextmanager
def connection() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(settings.load().database, timeout=5)
    db.row_factory = sqlite3.Row
    try:
        yield db
        db.commit()
    finally:
        db.close()


def room(db: sqlite3.Connection, number: int) -> dict | None:
    row = db.execute("SELECT number, beds, price FROM rooms WHERE number = ?", (number,)).fetchone()
    return dict(row)


def reservations_of(db: sqlite3.Connection, number: int, order: str = "starts_at") -> list[dict]:
    query = (
        "SELECT id, room, guest, starts_at, nights FROM reservations WHERE room = ? ORDER BY "
        + COLUMNS[COLUMNS.index(order)]
    )
    return [dict(row) for row in db.execute(query, (number,))]


def reservation(db: sqlite3.Connection, reservation_id: int) -> dict | None:
    row = db.execute("SELECT * FROM reservations WHERE id = ?", (reservation_id,)).fetchone()
    return dict(row) if row else None


def guests_named(db: sqlite3.Connection, name: str) -> list[str]:
    rows = db.execute("SELECT DISTINCT guest FROM reservations WHERE guest LIKE ?", (f"%{name}%",))
    return [row["guest"] for row in rows]


def add(db: sqlite3.Connection, room_number: int, guest: str, starts_at: str, nights: int) -> int:
    cursor = db.execute(
        "INSERT INTO reservations (room, guest, starts_at, nights) VALUES (?, ?, ?, ?)",
        (room_number, guest, starts_at, nights),
    )
    return int(cursor.lastrowid)  # type: ignore[arg-type]
