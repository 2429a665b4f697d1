"""One SQLite connection for the process."""
import os
import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS vets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    field TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS pets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    species TEXT NOT NULL,
    owner TEXT NOT NULL,
    weight_kg REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS visits (
    id INTEGER PRIMARY KEY,
    pet_id INTEGER NOT NULL REFERENCES pets (id),
    vet_id INTEGER NOT NULL REFERENCES vets (id),
    day TEXT NOT NULL,
    reason TEXT NOT NULL,
    weight_kg REAL
);
CREATE TABLE IF NOT EXISTS drugs (
    name TEXT PRIMARY KEY,
    mg_per_kg REAL NOT NULL,
    max_mg REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS prescriptions (
    id INTEGER PRIMARY KEY,
    visit_id INTEGER NOT NULL REFERENCES visits (id),
    drug TEXT NOT NULL REFERENCES drugs (name),
    dose_mg REAL NOT NULL,
    days INTEGER NOT NULL
);
"""

_conn = None


def connection():
    global _conn
    if _conn is None:
        _conn = sqlite3.connect(os.environ.get("PRACTICE_DB", ":memory:"), check_same_thread=False)
        _conn.row_factory = sqlite3.Row
    return _conn


def create_schema():
    connection().executescript(SCHEMA)


def one(sql, *args):
    return connection().execute(sql, args).fetchone()


def rows(sql, *args):
    return connection().execute(sql, args).fetchall()


def insert(sql, *args):
    conn = connection()
    number = conn.execute(sql, args).lastrowid
    conn.commit()
    return number
