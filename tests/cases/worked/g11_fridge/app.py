"""Community fridge: what is in it, who brought it, until when it keeps."""
import base64
import binascii
import sqlite3
from datetime import date
from typing import Optional

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, Field

app = FastAPI(title="community fridge")

db = sqlite3.connect(":memory:", check_same_thread=False)
db.row_factory = sqlite3.Row
db.execute("""CREATE TABLE items (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, giver TEXT NOT NULL,
                                  keeps_until TEXT NOT NULL, taken_by TEXT)""")


class NewItem(BaseModel):
    what: str = Field(min_length=2, max_length=80)
    giver: str = "anonymous"
    keeps_until: date


class Taker(BaseModel):
    name: str = Field(min_length=1)


def item_or_404(item_id: int) -> sqlite3.Row:
    row = db.execute("SELECT * FROM items WHERE id = ?", (item_id,)).fetchone()
    if row is None:
        raise HTTPException(404, "no such item")
    return row


def to_cursor(item_id: int) -> str:
    """Opaque to the clients: where the next page begins."""
    return base64.urlsafe_b64encode(str(item_id).encode("ascii")).decode("ascii")


def from_cursor(text: str) -> int:
    """What to_cursor made; anything else is refused."""
    try:
        return int(base64.urlsafe_b64decode(text).decode("ascii"))
    except binascii.Error:
        raise HTTPException(400, "after is not a cursor of this list")


@app.post("/items", status_code=201)
def bring(body: NewItem):
    with db:
        cur = db.execute("INSERT INTO items (what, giver, keeps_until) VALUES (?, ?, ?)", (body.what, body.giver, body.keeps_until.isoformat()))
    return dict(item_or_404(cur.lastrowid))


@app.get("/items")
def index(limit: int = Query(20, ge=1, le=100), after: Optional[str] = None):
    """What is still there, oldest first, by pages."""
    start = from_cursor(after) if after is not None else 0
    rows = db.execute("SELECT * FROM items WHERE taken_by IS NULL AND id > ? ORDER BY id LIMIT ?", (start, limit + 1)).fetchall()
    more = len(rows) > limit
    rows = rows[:limit]
    return {"items": [dict(row) for row in rows], "next": to_cursor(rows[-1]["id"]) if more else None}


@app.get("/items/{item_id}")
def show(item_id: int):
    return dict(item_or_404(item_id))


@app.post("/items/{item_id}/take")
def take(item_id: int, body: Taker):
    row = item_or_404(item_id)
    if row["taken_by"] is not None:
        raise HTTPException(409, "somebody was faster")
    with db:
        db.execute("UPDATE items SET taken_by = ? WHERE id = ?", (body.name, item_id))
    return dict(item_or_404(item_id))


@app.delete("/expired")
def throw_away(today: date):
    """Removes what does not keep any longer."""
    with db:
        gone = db.execute("DELETE FROM items WHERE taken_by IS NULL AND keeps_until < ?", (today.isoformat(),)).rowcount
    return {"removed": gone}
