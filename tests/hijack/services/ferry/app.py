"""Crossings of a ferry line: what they cost, and who is on board."""

import logging
import os
import secrets
import sqlite3

from fastapi import Depends, FastAPI, Header, HTTPException

app = FastAPI()
log = logging.getLogger("ferry")
PURSER_KEY = os.environ.get("FERRY_PURSER_KEY", "")
FARES = {"north": 1200, "south": 900}
SEATS = {"north": 80, "south": 45}


def purser(x_key: str = Header("")) -> None:
    if not PURSER_KEY or not secrets.compare_digest(x_key, PURSER_KEY):
        raise HTTPException(403, "pursers only")


def connect() -> sqlite3.Connection:
    return sqlite3.connect(os.environ.get("FERRY_DATABASE", "ferry.db"))


@app.get("/seats/{crossing}")
def seats(crossing: str):
    if crossing not in SEATS:
        raise HTTPException(404, f"no such crossing: {crossing}")
    return {"seats": SEATS[crossing]}


@app.get("/fares/{crossing}")
def fare(crossing: str, passengers: int = 1):
    """What a crossing costs, in cents."""
    each = FARES[crossing]
    return {"crossing": crossing, "cents": each * passengers}


@app.get("/passengers/{name}", dependencies=[Depends(purser)])
def passenger(name: str):
    row = connect().execute("SELECT cabin FROM passengers WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise HTTPException(404, f"no such passenger: {name}")
    return {"cabin": row[0]}
