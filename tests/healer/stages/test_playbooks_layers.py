"""Services in layers, with errors of their own: the first candidate that works is in their style."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from .crashes import Ask, heal

TICKETS = {
    "tickets/errors.py": '''
        """What the service refuses; main.py turns it into answers."""

        class TicketError(Exception):
            status_code = 400

            def __init__(self, message: str) -> None:
                super().__init__(message)
                self.message = message

        class NotFound(TicketError):
            status_code = 404

        class Conflict(TicketError):
            status_code = 409

        class Invalid(TicketError):
            status_code = 422
    ''',
    "tickets/db.py": """
        from sqlalchemy import create_engine, event
        from sqlalchemy.orm import DeclarativeBase, sessionmaker
        from sqlalchemy.pool import StaticPool

        class Base(DeclarativeBase):
            pass

        engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)

        @event.listens_for(engine, "connect")
        def strict(connection, _record):
            connection.execute("PRAGMA foreign_keys = ON")

        Sessions = sessionmaker(engine, expire_on_commit=False)

        def session():
            with Sessions() as db:
                try:
                    yield db
                except Exception:
                    db.rollback()
                    raise
    """,
    "tickets/models.py": """
        from datetime import datetime
        from typing import Optional
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import Mapped, mapped_column, relationship
        from tickets.db import Base

        class Venue(Base):
            __tablename__ = "venues"
            id: Mapped[int] = mapped_column(primary_key=True)
            slug: Mapped[str] = mapped_column(unique=True)
            seats: Mapped[int]

        class Show(Base):
            __tablename__ = "shows"
            id: Mapped[int] = mapped_column(primary_key=True)
            title: Mapped[str]
            kind: Mapped[str]
            venue_id: Mapped[Optional[int]] = mapped_column(ForeignKey("venues.id"))
            venue: Mapped[Optional[Venue]] = relationship()
            lines: Mapped[list["Line"]] = relationship(back_populates="show")

        class Price(Base):
            __tablename__ = "prices"
            id: Mapped[int] = mapped_column(primary_key=True)
            cents: Mapped[int]

        class Line(Base):
            __tablename__ = "lines"
            id: Mapped[int] = mapped_column(primary_key=True)
            seats: Mapped[int]
            show_id: Mapped[int] = mapped_column(ForeignKey("shows.id"))
            price_id: Mapped[Optional[int]] = mapped_column(ForeignKey("prices.id"))
            show: Mapped[Show] = relationship(back_populates="lines")
            price: Mapped[Optional[Price]] = relationship()
    """,
    "tickets/service.py": """
        from sqlalchemy import select
        from sqlalchemy.orm import Session
        from tickets.errors import Conflict, Invalid, NotFound
        from tickets.models import Line, Price, Show, Venue

        def get_show(db: Session, show_id: int) -> Show:
            show = db.get(Show, show_id)
            if show is None:
                raise NotFound(f"show {show_id} does not exist")
            return show

        def seats_left(show: Show) -> int:
            sold = sum(line.seats for line in show.lines)
            return show.venue.seats - sold

        def sell(db: Session, show_id: int, seats: int) -> int:
            show = get_show(db, show_id)
            if seats < 1:
                raise Invalid("seats must be at least 1")
            if seats > seats_left(show):
                raise Conflict("show is sold out")
            line = Line(seats=seats, show=show)
            db.add(line)
            db.commit()
            return line.id

        def bill(db: Session, show_id: int) -> int:
            show = get_show(db, show_id)
            total = 0
            for line in show.lines:
                total += line.seats * line.price.cents
            return total

        def cheapest(db: Session, show_id: int) -> dict:
            show = get_show(db, show_id)
            first = show.lines[0]
            return {"id": first.id, "seats": first.seats}

        def venue_by_slug(db: Session, slug: str) -> Venue:
            return db.scalars(select(Venue).where(Venue.slug == slug)).one()

        def move(db: Session, show_id: int, venue_id: int) -> None:
            show = get_show(db, show_id)
            show.venue_id = venue_id
            db.commit()

        def add_venue(db: Session, slug: str, seats: int) -> Venue:
            venue = Venue(slug=slug, seats=seats)
            db.add(venue)
            db.commit()
            return venue

        def remove_venue(db: Session, venue_id: int) -> None:
            venue = db.get(Venue, venue_id)
            if venue is None:
                raise NotFound(f"venue {venue_id} does not exist")
            db.delete(venue)
            db.flush()
            db.commit()

        def reduction(show: Show) -> int:
            match show.kind:
                case "matinee":
                    percent = 20
                case "preview":
                    percent = 50
            return percent
    """,
    "tickets/main.py": """
        from fastapi import Depends, FastAPI, Request
        from fastapi.responses import JSONResponse
        from pydantic import BaseModel
        from sqlalchemy.orm import Session
        from tickets import service
        from tickets.db import Base, Sessions, engine, session
        from tickets.errors import TicketError
        from tickets.models import Line, Price, Show, Venue

        app = FastAPI()
        Base.metadata.create_all(engine)
        with Sessions() as seed:
            hall = Venue(id=1, slug="hall", seats=10)
            price = Price(id=1, cents=500)
            seed.add_all([hall, price, Venue(id=2, slug="yard", seats=3)])
            seed.add(Show(id=1, title="Faust", kind="matinee", venue=hall))
            seed.add(Show(id=2, title="Hamlet", kind="evening"))
            seed.flush()
            seed.add_all([Line(show_id=1, seats=2, price=price), Line(show_id=1, seats=1)])
            seed.commit()

        class Order(BaseModel):
            seats: int

        class Move(BaseModel):
            venue_id: int

        class NewVenue(BaseModel):
            slug: str
            seats: int

        @app.exception_handler(TicketError)
        def refused(request: Request, error: TicketError):
            return JSONResponse({"message": error.message}, status_code=error.status_code)

        @app.get("/shows/{show_id}")
        def show(show_id: int, db: Session = Depends(session)):
            found = service.get_show(db, show_id)
            return {"id": found.id, "title": found.title, "left": service.seats_left(found)}

        @app.post("/shows/{show_id}/orders", status_code=201)
        def order(show_id: int, body: Order, db: Session = Depends(session)):
            return {"id": service.sell(db, show_id, body.seats)}

        @app.post("/shows/{show_id}/bill")
        def bill(show_id: int, db: Session = Depends(session)):
            return {"cents": service.bill(db, show_id)}

        @app.get("/shows/{show_id}/first-line")
        def first_line(show_id: int, db: Session = Depends(session)):
            return service.cheapest(db, show_id)

        @app.get("/venues/{slug}")
        def venue(slug: str, db: Session = Depends(session)):
            found = service.venue_by_slug(db, slug)
            return {"slug": found.slug, "seats": found.seats}

        @app.put("/shows/{show_id}/venue")
        def move(show_id: int, body: Move, db: Session = Depends(session)):
            service.move(db, show_id, body.venue_id)
            return {"id": show_id}

        @app.post("/venues", status_code=201)
        def add_venue(body: NewVenue, db: Session = Depends(session)):
            return {"id": service.add_venue(db, body.slug, body.seats).id}

        @app.delete("/venues/{venue_id}", status_code=204)
        def remove_venue(venue_id: int, db: Session = Depends(session)):
            service.remove_venue(db, venue_id)

        @app.get("/shows/{show_id}/reduction")
        def reduction(show_id: int, db: Session = Depends(session)):
            return {"percent": service.reduction(service.get_show(db, show_id))}
    """,
}

GARDEN = """
    from datetime import date, datetime, timedelta, timezone
    from flask import Flask, abort, jsonify, request

    app = Flask(__name__)
    PLOTS = {
        "a": {"id": "a", "holder": {"name": "Ann", "since": "2020-01-01", "fee": None}, "beds": [], "size": "4x5"},
        "b": {"id": "b", "holder": None, "beds": [{"crop": "kale"}], "size": "9"},
    }
    WEEK = ["mon", "tue", "wed"]

    @app.errorhandler(404)
    def missing(error):
        return jsonify(error=error.description), 404

    @app.get("/plots/<plot_id>")
    def plot(plot_id):
        found = PLOTS.get(plot_id)
        if found is None:
            return jsonify(error="plot_not_found"), 404
        holder = found["holder"]
        return jsonify(id=plot_id, holder=holder["name"])

    @app.post("/plots/<plot_id>/leave")
    def leave(plot_id):
        found = PLOTS.get(plot_id)
        if found is None:
            return jsonify(error="plot_not_found"), 404
        if found["beds"]:
            return jsonify(error="plot_not_empty"), 400
        return jsonify(id=plot_id)

    @app.post("/plots/<plot_id>/bill")
    def bill(plot_id):
        found = PLOTS.get(plot_id)
        if found is None:
            return jsonify(error="plot_not_found"), 404
        if not found["size"]:
            return jsonify(error="plot_has_no_size"), 400
        holder = found["holder"]
        since = date.fromisoformat(holder["since"])
        return jsonify(name=holder["name"], years=2024 - since.year)

    @app.get("/plots/<plot_id>/first-bed")
    def first_bed(plot_id):
        if plot_id not in PLOTS:
            return jsonify(error="plot_not_found"), 404
        beds = PLOTS[plot_id]["beds"]
        return jsonify(beds[0])

    @app.get("/plots/<plot_id>/area")
    def area(plot_id):
        if plot_id not in PLOTS:
            return jsonify(error="plot_not_found"), 404
        width, height = request.args["size"].split("x")
        return jsonify(area=int(width) * int(height))

    @app.get("/next-month")
    def next_month():
        today = date.fromisoformat(request.args["today"])
        return jsonify(first=str(date(today.year, today.month + 1, 1)))
"""

CASES: list[tuple[str, str | Mapping[str, str], Ask, int, Any]] = [
    (
        "a relation that a helper needs",
        TICKETS,
        Ask("POST", "/shows/2/orders", {"seats": 1}),
        409,
        {"message": "show has no venue"},
    ),
    (
        "a relation of an item in a loop",
        TICKETS,
        Ask("POST", "/shows/1/bill"),
        409,
        {"message": "line has no price"},
    ),
    ("the first of a record's own list", TICKETS, Ask("GET", "/shows/2/first-line"), 404, None),
    ("no row in a service", TICKETS, Ask("GET", "/venues/x"), 404, {"message": "venue x does not exist"}),
    ("a reference that was sent", TICKETS, Ask("PUT", "/shows/2/venue", {"venue_id": 9}), 404, None),
    (
        "a unique value in a service",
        TICKETS,
        Ask("POST", "/venues", {"slug": "hall", "seats": 1}),
        409,
        {"message": "slug is already taken"},
    ),
    ("a parent in a service", TICKETS, Ask("DELETE", "/venues/1"), 409, {"message": "venue is still in use"}),
    ("a stored kind without a case", TICKETS, Ask("GET", "/shows/2/reduction"), 200, {"percent": 0}),
    ("a relation that is shown by Flask", GARDEN, Ask("GET", "/plots/b"), 200, {"id": "b", "holder": None}),
    ("a relation that Flask needs", GARDEN, Ask("POST", "/plots/b/bill"), 400, {"error": "plot_has_no_holder"}),
    ("the first of none in Flask", GARDEN, Ask("GET", "/plots/a/first-bed"), 404, None),
    ("a format of two parts in Flask", GARDEN, Ask("GET", "/plots/a/area?size=4"), 400, None),
    (
        "the month after December in Flask",
        GARDEN,
        Ask("GET", "/next-month?today=2024-12-31"),
        200,
        {"first": "2025-01-01"},
    ),
]


@pytest.mark.parametrize(("text", "failing", "status", "body"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_first_that_works_is_right(text: str | Mapping[str, str], failing: Ask, status: int, body: Any) -> None:
    _, healed = heal(text, [], failing)
    assert healed, "no candidate answers"
    candidate, answer = healed[0]
    assert (answer.status, answer.body if body is not None else None) == (status, body), candidate.changes[0].after
