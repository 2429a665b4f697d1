from sqlite3 import Connection, Row
from typing import Optional

from stacks import catalogue
from stacks.faults import Clash


def first(db: Connection, title: int) -> Optional[Row]:
    return db.execute(
        "SELECT hold.id, patron.card FROM hold JOIN patron ON patron.id = hold.patron_id WHERE hold.title_id = ? ORDER BY hold.id LIMIT 1", (title,)
    ).fetchone()


def count(db: Connection, title: int) -> int:
    return db.execute("SELECT COUNT(*) FROM hold WHERE title_id = ?", (title,)).fetchone()[0]


def place(db: Connection, patron: Row, number: int) -> dict:
    title = catalogue.title(db, number)
    if db.execute("SELECT 1 FROM hold WHERE title_id = ? AND patron_id = ?", (title["id"], patron["id"])).fetchone():
        raise Clash("held", "there is a hold already")
    db.execute("INSERT INTO hold (title_id, patron_id) VALUES (?, ?)", (title["id"], patron["id"]))
    return {"title": title["name"], "position": count(db, title["id"])}
