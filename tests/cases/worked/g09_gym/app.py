"""Gym memberships and visits."""
from datetime import date, datetime, timedelta
from typing import Optional

from flask import Flask, abort, jsonify, request
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool
from werkzeug.exceptions import HTTPException

app = Flask(__name__)
engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})

PLANS = {"basic": 2900, "plus": 4400}


class Base(DeclarativeBase):
    pass


class Member(Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    plan: Mapped[str]
    since: Mapped[date]
    visits: Mapped[list["Visit"]] = relationship(back_populates="member", order_by="Visit.at")

    def last_visit(self) -> Optional["Visit"]:
        return self.visits[-1] if self.visits else None


class Visit(Base):
    __tablename__ = "visits"
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime]
    member: Mapped[Member] = relationship(back_populates="visits")


Base.metadata.create_all(engine)


@app.errorhandler(HTTPException)
def http_error(err):
    return jsonify(error=err.description), err.code


def member_or_404(session, number):
    return session.get(Member, number) or abort(404, "no such member")


def moment(text, name):
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        abort(400, f"{name} must be a time like 2024-05-01T18:30")


@app.post("/members")
def enrol():
    data = request.get_json()
    if not data.get("name") or data.get("plan") not in PLANS:
        abort(400, "name and a plan are needed")
    since = moment(data.get("since"), "since").date()
    with Session(engine) as session:
        member = Member(name=data["name"], plan=data["plan"], since=since)
        session.add(member)
        session.commit()
        return jsonify(id=member.id, name=member.name, plan=member.plan), 201


@app.get("/members")
def members():
    with Session(engine) as session:
        return jsonify([{"id": m.id, "name": m.name, "visits": len(m.visits)} for m in session.scalars(select(Member).order_by(Member.name))])


@app.get("/members/<int:number>")
def show(number):
    with Session(engine) as session:
        member = member_or_404(session, number)
        return jsonify(
            id=member.id,
            name=member.name,
            plan=member.plan,
            since=member.since.isoformat(),
            cents=PLANS[member.plan],
            last_visit=member.last_visit().at.isoformat(),
        )


@app.post("/members/<int:number>/visits")
def check_in(number):
    at = moment((request.get_json(silent=True) or {}).get("at"), "at")
    with Session(engine) as session:
        member = member_or_404(session, number)
        last = member.last_visit()
        if last is not None and abs(at - last.at) < timedelta(minutes=10):
            abort(409, "checked in a moment ago")
        session.add(Visit(member=member, at=at))
        session.commit()
        return jsonify(visits=len(member.visits)), 201


@app.get("/quiet")
def quiet():
    """Members who have not come for thirty days, with the day of their last visit (null: never came)."""
    today = moment(request.args.get("today"), "today")
    with Session(engine) as session:
        out = []
        for member in session.scalars(select(Member).order_by(Member.id)):
            last = member.last_visit()
            if last is None or today - last.at > timedelta(days=30):
                out.append({"id": member.id, "last_visit": last.at.date().isoformat() if last else None})
        return jsonify(out)
