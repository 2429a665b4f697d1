"""Conference rooms: bookings and the notices that hang at the doors."""
from datetime import datetime, timedelta
from typing import Iterator, Optional

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool

engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
ROOMS = {"elm": 12, "oak": 30}


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "people"
    login: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    bookings: Mapped[list["Booking"]] = relationship(back_populates="organiser")


class Booking(Base):
    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[str]
    title: Mapped[str]
    starts: Mapped[datetime]
    minutes: Mapped[int]
    organiser_login: Mapped[Optional[str]] = mapped_column(ForeignKey("people.login"))
    organiser: Mapped[Optional[Person]] = relationship(back_populates="bookings")


Base.metadata.create_all(engine)


class NewPerson(BaseModel):
    login: str = Field(pattern=r"^[a-z]+$")
    name: str = Field(min_length=1)


class NewBooking(BaseModel):
    title: str = Field(min_length=1)
    starts: datetime
    minutes: int = Field(ge=15, le=600)
    organiser: str


def session() -> Iterator[Session]:
    with Session(engine) as s:
        yield s


def fetch(s: Session, model, key, what: str):
    found = s.get(model, key)
    if found is None:
        raise HTTPException(404, f"no such {what}")
    return found


def organiser_of(booking: Booking) -> str:
    return booking.organiser.name if booking.organiser else "facility desk"


def as_json(b: Booking) -> dict:
    return {"id": b.id, "room": b.room, "title": b.title, "starts": b.starts.isoformat(), "minutes": b.minutes, "organiser": organiser_of(b)}


router = APIRouter()


@router.post("/people", status_code=201)
def add_person(body: NewPerson, s: Session = Depends(session)):
    if s.get(Person, body.login):
        raise HTTPException(409, "login is taken")
    s.add(Person(login=body.login, name=body.name))
    s.commit()
    return body


@router.delete("/people/{login}", status_code=204)
def remove_person(login: str, s: Session = Depends(session)):
    """Somebody leaves. Their meetings stay; the facility desk looks after them."""
    s.delete(fetch(s, Person, login, "person"))
    s.commit()


@router.post("/rooms/{room}/bookings", status_code=201)
def book(room: str, body: NewBooking, s: Session = Depends(session)):
    if room not in ROOMS:
        raise HTTPException(404, "no such room")
    organiser = fetch(s, Person, body.organiser, "person")
    booking = Booking(room=room, title=body.title, starts=body.starts.replace(tzinfo=None), minutes=body.minutes, organiser=organiser)
    s.add(booking)
    s.commit()
    return as_json(booking)


@router.get("/rooms/{room}/bookings")
def of_room(room: str, s: Session = Depends(session)):
    if room not in ROOMS:
        raise HTTPException(404, "no such room")
    return [as_json(b) for b in s.scalars(select(Booking).filter_by(room=room).order_by(Booking.starts))]


@router.get("/bookings/{number}/notice", response_class=PlainTextResponse)
def notice(number: int, s: Session = Depends(session)):
    """The sheet for the door."""
    b = fetch(s, Booking, number, "booking")
    until = b.starts + timedelta(minutes=b.minutes)
    lines = [b.title.upper()]
    lines.append(f"{b.starts:%d.%m.%Y %H:%M}-{until:%H:%M}")
    lines.append(f"Organiser: {b.organiser.name}")
    return "\n".join(lines) + "\n"


app = FastAPI(title="conference rooms")
app.include_router(router)
