"""/members"""
from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from . import changes
from .db import Db
from .errors import Conflict, NotFound
from .models import Booking, Member
from .schemas import MemberIn, MemberOut, MemberPatch

router = APIRouter(prefix="/members")


def member_or_404(db: Db, number: int) -> Member:
    member = db.get(Member, number)
    if member is None:
        raise NotFound("no such member")
    return member


@router.post("", status_code=201, response_model=MemberOut)
def join(body: MemberIn, db: Db):
    member = Member(**body.model_dump())
    db.add(member)
    try:
        db.flush()
    except IntegrityError:
        db.rollback()
        raise Conflict("this address is in use by another member")
    changes.record(db, member, "joined")
    db.commit()
    return member


@router.get("", response_model=list[MemberOut])
def listing(db: Db, plan: str = "", active: bool = True):
    query = select(Member).where(Member.active == active).order_by(Member.name)
    if plan:
        query = query.where(Member.plan == plan)
    return db.scalars(query).all()


@router.get("/{number}", response_model=MemberOut)
def show(number: int, db: Db):
    return member_or_404(db, number)


@router.patch("/{number}", response_model=MemberOut)
def change(number: int, body: MemberPatch, db: Db):
    member = member_or_404(db, number)
    changes.change_row(db, Member, number, body.model_dump(exclude_unset=True))
    changes.record(db, member, "changed " + ", ".join(sorted(body.model_fields_set)))
    db.commit()
    return member


@router.post("/{number}/leave", response_model=MemberOut)
def leave(number: int, db: Db):
    """Former members stay on file, and so does their address. Not while they have desks booked."""
    member = member_or_404(db, number)
    if db.scalar(select(Booking).where(Booking.member_id == number)):
        raise Conflict("there are bookings left")
    changes.change_row(db, Member, number, {"active": False})
    changes.record(db, member, "left")
    db.commit()
    return member


@router.get("/{number}/log")
def history(number: int, db: Db):
    return changes.of(db, member_or_404(db, number))
