"""The database of one request."""

import sqlite3

from flask import current_app, g


def database() -> sqlite3.Connection:
    if "database" not in g:
        g.database = sqlite3.connect(current_app.config["DATABASE"])
        g.database.row_factory = sqlite3.Row
    return g.database


def close(_error: BaseException | None = None) -> None:
    if "database" in g:
        g.pop("database").close()


def ticket(number: int) -> sqlite3.Row | None:
    return database().execute("SELECT * FROM tickets WHERE number = ?", (number,)).fetchone()


def tickets_of(owner: str) -> list[sqlite3.Row]:
    return database().execute("SELECT * FROM tickets WHERE owner = ? ORDER BY number", (owner,)).fetchall()


def all_tickets() -> list[sqlite3.Row]:
    return database().execute("SELECT * FROM tickets ORDER BY number").fetchall()


def user(name: str) -> sqlite3.Row | None:
    return database().execute("SELECT name, role, password, email FROM users WHERE name = ?", (name,)).fetchone()
