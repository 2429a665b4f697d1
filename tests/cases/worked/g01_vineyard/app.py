"""Cellar book: vineyard lots, when they were picked and where they rest."""
import sqlite3
from datetime import date
from typing import Optional

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="cellar book")

db = sqlite3.connect(":memory:", check_same_thread=False)
db.row_factory = sqlite3.Row
db.executescript("""
CREATE TABLE lots (
    id INTEGER PRIMARY KEY,
    parcel TEXT NOT NULL,
    grape TEXT NOT NULL,
    picked_on TEXT,
    kilos REAL,
    vessel TEXT
);
""")


class NewLot(BaseModel):
    parcel: str = Field(min_length=1)
    grape: str = Field(min_length=1)


class Picking(BaseModel):
    picked_on: date
    kilos: float = Field(gt=0)
    vessel: Optional[str] = None


def lot_or_404(lot_id: int) -> sqlite3.Row:
    row = db.execute("SELECT * FROM lots WHERE id = ?", (lot_id,)).fetchone()
    if row is None:
        raise HTTPException(404, "no such lot")
    return row


def week_of(row: sqlite3.Row) -> Optional[int]:
    """ISO week of the picking."""
    return date.fromisoformat(row["picked_on"]).isocalendar().week if row["picked_on"] else None


def as_lot(row: sqlite3.Row) -> dict:
    return {**dict(row), "picked_in_week": week_of(row)}


@app.post("/lots", status_code=201)
def create(body: NewLot):
    """A lot is entered in spring; the picking follows months later."""
    with db:
        cur = db.execute("INSERT INTO lots (parcel, grape) VALUES (?, ?)", (body.parcel, body.grape))
    return as_lot(lot_or_404(cur.lastrowid))


@app.get("/lots/{lot_id}")
def show(lot_id: int):
    return as_lot(lot_or_404(lot_id))


@app.post("/lots/{lot_id}/picking")
def pick(lot_id: int, body: Picking):
    row = lot_or_404(lot_id)
    if row["picked_on"]:
        raise HTTPException(409, "lot is picked already")
    with db:
        db.execute("UPDATE lots SET picked_on = ?, kilos = ?, vessel = ? WHERE id = ?",
                   (body.picked_on.isoformat(), body.kilos, body.vessel, lot_id))
    return as_lot(lot_or_404(lot_id))


@app.get("/cellar")
def cellar(on: date):
    """The whole list as of a day: every lot with its weight, its vessel and the days since picking."""
    out = []
    for row in db.execute("SELECT * FROM lots ORDER BY id"):
        days = (on - date.fromisoformat(row["picked_on"])).days
        out.append({"lot": row["id"], "grape": row["grape"], "kilos": row["kilos"], "vessel": row["vessel"], "days": days})
    return out


@app.get("/grapes")
def grapes():
    """Kilos brought in per grape."""
    rows = db.execute("SELECT grape, COALESCE(SUM(kilos), 0) AS kilos FROM lots GROUP BY grape ORDER BY grape")
    return {row["grape"]: row["kilos"] for row in rows}
