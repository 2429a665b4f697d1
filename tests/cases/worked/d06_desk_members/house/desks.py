"""/desks"""
from datetime import date

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from .db import Db
from .errors import Conflict, NotFound
from .models import Booking, Desk
from .schemas import DeskIn, DeskOut

router = APIRouter(prefix="/desks")


def desk_or_404(db: Db, code: str) -> Desk:
    desk = db.scalar(select(Desk).where(Desk.code == code.upper()))
    if desk is None:
        raise NotFound("no such desk")
    return desk


@router.get("", response_model=list[DeskOut])
def listing(db: Db, room: str = "", monitor: bool | None = None):
    query = select(Desk).order_by(Desk.code)
    if room:
        query = query.where(Desk.room == room)
    if monitor is not None:
        query = query.where(Desk.monitor == monitor)
    return db.scalars(query).all()


@router.post("", status_code=201, response_model=DeskOut)
def add(body: DeskIn, db: Db):
    desk = Desk(**body.model_dump())
    db.add(desk)
    try:
        db.commit()
    except IntegrityError:
        db.rollback()
        raise Conflict("there is a desk with this code")
    return desk


@router.get("/free", response_model=list[DeskOut])
def free(day: date, db: Db):
    taken = select(Booking.desk_id).where(Booking.day == day)
    return db.scalars(select(Desk).where(Desk.id.not_in(taken)).order_by(Desk.code)).all()


@router.get("/{code}", response_model=DeskOut)
def show(code: str, db: Db):
    return desk_or_404(db, code)
