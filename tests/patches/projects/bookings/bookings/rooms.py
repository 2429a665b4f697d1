"""Routes about rooms."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel

from . import database
from .auth import User, require_admin

router = APIRouter(prefix="/rooms")


class Price(BaseModel):
    amount: float
    reason: str | None = None


@router.get("/{number}")
def show_room(number: int) -> dict:
    with database.connection() as db:
        found = database.room(db, number)
        found["reservations"] = len(database.reservations_of(db, number))
    return found


@router.get("/{number}/occupancy")
def occupancy(number: int, since: str, until: str) -> dict:
    days = (date.fromisoformat(until) - date.fromisoformat(since)).days
    with database.connection() as db:
        taken = sum(row["nights"] for row in database.reservations_of(db, number))
    return {"room": number, "share": taken / days}


@router.get("/{number}/next")
def next_reservation(number: int) -> dict:
    today = date.today().isoformat()
    with database.connection() as db:
        coming = [row for row in database.reservations_of(db, number) if row["starts_at"] >= today]
    return {"starts_at": coming[0]["starts_at"]}


@router.put("/{number}/price")
def set_price(number: int, price: Price, user: Annotated[User, Depends(require_admin)]) -> dict:
    if price.amount <= 0:
        raise HTTPException(422, "The price must be above zero.")
    with database.connection() as db:
        before = database.room(db, number)["price"]
        db.execute("UPDATE rooms SET price = ? WHERE number = ?", (price.amount, number))
    return {"before": before, "after": price.amount, "by": user.name, "reason": price.reason.strip()}
