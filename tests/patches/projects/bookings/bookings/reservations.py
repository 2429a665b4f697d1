"""Routes about reservations."""

import logging
import sqlite3
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel

from . import database, payments
from .auth import User, current_user, may_see

router = APIRouter(prefix="/reservations")
log = logging.getLogger(__name__)


class Wish(BaseModel):
    room: int
    starts_at: str
    nights: int = 1
    extras: dict[str, int] = {}
    coupon: str | None = None


EXTRAS = {"breakfast": 12.0, "parking": 8.0}


def price_of(room: dict, wish: Wish) -> float:
    total = room["price"] * wish.nights
    for name, count in wish.extras.items():
        total += EXTRAS[name] * count
    return round(total * (1 - payments.discount(wish.coupon)), 2)


def check_dates(wish: Wish) -> None:
    starts = date.fromisoformat(wish.starts_at)
    if starts < date.today() or wish.nights < 1:
        raise HTTPException(422, "The stay must begin today or later and last a night.")


@router.post("", status_code=201)
def reserve(wish: Wish, user: Annotated[User, Depends(current_user)]) -> dict:
    check_dates(wish)
    with database.connection() as db:
        room = database.room(db, wish.room)
        total = price_of(room, wish)
        reservation_id = database.add(db, wish.room, user.name, wish.starts_at, wish.nights)
    log.info("reservation %s made", reservation_id)
    return {"id": reservation_id, "total": total}


@router.get("/{reservation_id}")
def show(reservation_id: int, user: Annotated[User, Depends(current_user)]) -> dict:
    with database.connection() as db:
        found = database.reservation(db, reservation_id)
    if not may_see(user, found):
        raise HTTPException(403, "This is not your reservation.")
    leaves = date.fromisoformat(found["starts_at"]) + timedelta(days=found["nights"])
    return {**found, "leaves_at": leaves.isoformat()}


@router.post("/{reservation_id}/pay")
def pay(reservation_id: int, user: Annotated[User, Depends(current_user)]) -> dict:
    with database.connection() as db:
        found = database.reservation(db, reservation_id)
        if not may_see(user, found):
            raise HTTPException(403, "This is not your reservation.")
        try:
            receipt = payments.charge(found["id"], found["total"])
        except payments.Declined as declined:
            raise HTTPException(402, str(declined)) from declined
        db.execute("UPDATE reservations SET paid = 1 WHERE id = ?", (reservation_id,))
    return {"receipt": receipt["number"]}


@router.delete("/{reservation_id}", status_code=204)
def cancel(reservation_id: int, user: Annotated[User, Depends(current_user)]) -> None:
    with database.connection() as db:
        found = database.reservation(db, reservation_id)
        if found is None:
            raise HTTPException(404, "No such reservation.")
        if not may_see(user, found):
            raise HTTPException(403, "This is not your reservation.")
        try:
            db.execute("DELETE FROM reservations WHERE id = ?", (reservation_id,))
        except sqlite3.IntegrityError as error:
            raise HTTPException(409, "A paid reservation cannot be cancelled.") from error
