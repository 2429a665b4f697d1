import sqlite3
import tempfile
from pathlib import Path
from typing import Iterator

FILE = Path(tempfile.mkdtemp(prefix="stacks-")) / "library.db"

SCHEMA = """
CREATE TABLE title (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE copy (barcode TEXT PRIMARY KEY, title_id INTEGER NOT NULL REFERENCES title(id));
CREATE TABLE patron (id INTEGER PRIMARY KEY, card TEXT UNIQUE NOT NULL, name TEXT NOT NULL);
CREATE TABLE loan (
    id INTEGER PRIMARY KEY, barcode TEXT NOT NULL REFERENCES copy(barcode), patron_id INTEGER NOT NULL REFERENCES patron(id),
    due TEXT NOT NULL, renewals INTEGER NOT NULL DEFAULT 0, returned TEXT
);
CREATE TABLE hold (id INTEGER PRIMARY KEY, title_id INTEGER NOT NULL, patron_id INTEGER NOT NULL, UNIQUE (title_id, patron_id));
"""

TITLES = [(1, "The Tin Drum"), (2, "Solaris"), (3, "Dune")]
COPIES = [("T-0001", 1), ("T-0002", 2), ("T-0003", 2), ("T-0004", 3)]
PATRONS = [(1, "C11", "Femi Ola"), (2, "C12", "Greta Lund"), (3, "C13", "Hugo Paz")]


def prepare() -> None:
    """An empty library with its stock; whatever was there before is dropped."""
    FILE.unlink(missing_ok=True)
    with sqlite3.connect(FILE) as db:
        db.executescript(SCHEMA)
        db.executemany("INSERT INTO title VALUES (?, ?)", TITLES)
        db.executemany("INSERT INTO copy VALUES (?, ?)", COPIES)
        db.executemany("INSERT INTO patron VALUES (?, ?, ?)", PATRONS)
    db.close()


def connection() -> Iterator[sqlite3.Connection]:
    """One connection per request, committed when the request went well."""
    db = sqlite3.connect(FILE, check_same_thread=False)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA foreign_keys = ON")
    try:
        yield db
        db.commit()
    finally:
        db.close()
