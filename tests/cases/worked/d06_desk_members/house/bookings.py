"""/bookings: a desk for a whole day."""
from datetime import date

from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from . import changes
from .db import Db
from .desks import desk_or_404
from .errors import Conflict, NotFound
from .members import member_or_404
from .models import Booking
from .schemas import BookingIn, BookingMove, BookingOut

router = APIRouter(prefix="/bookings")


def booking_or_404(db: Db, number: int) -> Booking:
    booking = db.get(Booking, number)
    if booking is None:
        raise NotFound("no such booking")
    return booking


def view(booking: Booking) -> BookingOut:
    return BookingOut(id=booking.id, desk=booking.desk.code, member=booking.member.name, day=booking.day)


@router.post("", status_code=201, response_model=BookingOut)
def book(body: BookingIn, db: Db):
    desk, member = desk_or_404(db, body.desk), member_or_404(db, body.member_id)
    if not member.active:
        raise Conflict("no longer a member")
    booking = Booking(desk_id=desk.id, member_id=member.id, day=body.day)
    db.add(booking)
    try:
        db.commit()
    except IntegrityError:
        db.rollback()
        raise Conflict("the desk is taken on that day")
    return view(booking)


@router.get("", response_model=list[BookingOut])
def listing(db: Db, day: date | None = None):
    query = select(Booking).order_by(Booking.day, Booking.id)
    if day is not None:
        query = query.where(Booking.day == day)
    return [view(b) for b in db.scalars(query).all()]


@router.patch("/{number}", response_model=BookingOut)
def move(number: int, body: BookingMove, db: Db):
    booking = booking_or_404(db, number)
    try:
        changes.change_row(db, Booking, number, {"day": body.day})
    except IntegrityError:
        db.rollback()
        raise Conflict("the desk is taken on that day")
    db.commit()
    return view(booking)


@router.delete("/{number}", status_code=204)
def cancel(number: int, db: Db):
    db.delete(booking_or_404(db, number))
    db.commit()
    return Response(status_code=204)
