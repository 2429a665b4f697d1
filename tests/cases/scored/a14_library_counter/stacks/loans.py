"""A copy is out while it has a loan without a day of return."""
from datetime import date, timedelta
from sqlite3 import Connection, Row
from typing import Optional

from stacks import catalogue, holds
from stacks.faults import Clash

PERIOD = timedelta(days=21)
MAX_RENEWALS = 2
FEE_PER_DAY = 20


def open_loan(db: Connection, barcode: str) -> Optional[Row]:
    return db.execute("SELECT id, barcode, patron_id, due, renewals FROM loan WHERE barcode = ? AND returned IS NULL", (barcode,)).fetchone()


def lend(db: Connection, patron: Row, barcode: str, on: date) -> dict:
    copy = catalogue.copy(db, barcode)
    if open_loan(db, barcode) is not None:
        raise Clash("out", f"{barcode} is on loan")
    due = on + PERIOD
    db.execute("INSERT INTO loan (barcode, patron_id, due) VALUES (?, ?, ?)", (barcode, patron["id"], due.isoformat()))
    db.execute("DELETE FROM hold WHERE title_id = ? AND patron_id = ?", (copy["title"], patron["id"]))
    return {"barcode": barcode, "name": copy["name"], "due": due}


def renew(db: Connection, barcode: str, on: date) -> dict:
    copy = catalogue.copy(db, barcode)
    loan = open_loan(db, barcode)
    if loan is None:
        raise Clash("not-out", f"{barcode} is not on loan")
    if loan["renewals"] >= MAX_RENEWALS or holds.count(db, copy["title"]):
        raise Clash("no-renewal", "cannot be renewed")
    due = max(date.fromisoformat(loan["due"]), on + PERIOD)
    db.execute("UPDATE loan SET due = ?, renewals = renewals + 1 WHERE id = ?", (due.isoformat(), loan["id"]))
    return {"barcode": barcode, "name": copy["name"], "due": due}


def give_back(db: Connection, barcode: str, on: date) -> dict:
    copy = catalogue.copy(db, barcode)
    loan = open_loan(db, barcode)
    late = (on - date.fromisoformat(loan["due"])).days
    db.execute("UPDATE loan SET returned = ? WHERE id = ?", (on.isoformat(), loan["id"]))
    return {"barcode": barcode, "name": copy["name"], "title": copy["title"], "fee": max(late, 0) * FEE_PER_DAY}


def of_patron(db: Connection, patron_id: int) -> list[dict]:
    rows = db.execute("SELECT barcode, due FROM loan WHERE patron_id = ? AND returned IS NULL ORDER BY due, barcode", (patron_id,))
    return [dict(row) for row in rows]
