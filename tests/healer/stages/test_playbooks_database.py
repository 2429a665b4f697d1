"""Services over a database: the first candidate that works gives the answer a maintainer would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from .crashes import Ask, heal

DATABASE = """
    from sqlalchemy import create_engine, event
    from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
    from sqlalchemy.pool import StaticPool

    class Base(DeclarativeBase):
        pass

    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def strict(connection, _record):
        connection.execute("PRAGMA foreign_keys = ON")

    Sessions = sessionmaker(engine)

    def get_db():
        with Sessions() as db:
            yield db
"""

LIBRARY = {
    "library/db.py": DATABASE,
    "library/models.py": """
        from datetime import date
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import Mapped, mapped_column, relationship
        from library.db import Base

        class Tier(Base):
            __tablename__ = "tiers"
            id: Mapped[int] = mapped_column(primary_key=True)
            days: Mapped[int]

        class Member(Base):
            __tablename__ = "members"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]
            email: Mapped[str] = mapped_column(unique=True)
            tier_id: Mapped[int | None] = mapped_column(ForeignKey("tiers.id"))
            tier: Mapped[Tier | None] = relationship()
            loans: Mapped[list["Loan"]] = relationship(back_populates="member")

        class Loan(Base):
            __tablename__ = "loans"
            id: Mapped[int] = mapped_column(primary_key=True)
            member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
            title: Mapped[str]
            start: Mapped[date]
            kind: Mapped[str] = mapped_column(default="book")
            open: Mapped[bool] = mapped_column(default=True)
            days: Mapped[int] = mapped_column(default=14)
            member: Mapped[Member] = relationship(back_populates="loans")
    """,
    "library/queries.py": '''
        """Look-ups that several routes share."""
        from sqlalchemy import select
        from sqlalchemy.orm import Session
        from library.models import Member

        def member_by_email(db: Session, email: str) -> Member:
            return db.execute(select(Member).where(Member.email == email)).scalar_one()
    ''',
    "library/main.py": """
        from datetime import date, timedelta
        from fastapi import Depends, FastAPI, HTTPException
        from pydantic import BaseModel, ConfigDict
        from sqlalchemy import select
        from sqlalchemy.orm import Session
        from library import queries
        from library.db import Base, Sessions, engine, get_db
        from library.models import Loan, Member, Tier

        app = FastAPI()
        Base.metadata.create_all(engine)
        with Sessions() as db:
            gold = Tier(id=1, days=30)
            ann = Member(id=1, name="Ann", email="ann@x.example", tier=gold)
            bob = Member(id=2, name="Bob", email="bob@x.example")
            db.add_all([gold, ann, bob, Member(id=3, name="Cyd", email="cyd@x.example")])
            db.flush()
            db.add_all([
                Loan(id=1, member=ann, title="Emma", start=date(2024, 1, 1)),
                Loan(id=2, member=bob, title="Emil", start=date(2024, 1, 1)),
                Loan(id=3, member=bob, title="Heidi", start=date(2024, 1, 1), kind="film"),
            ])
            db.commit()

        class LoanOut(BaseModel):
            model_config = ConfigDict(from_attributes=True)
            id: int
            title: str

        class MemberIn(BaseModel):
            name: str
            email: str

        class LoanIn(BaseModel):
            member_id: int
            title: str

        class MemberOut(BaseModel):
            id: int
            name: str
            tier_days: int | None = None

        @app.get("/loans/{loan_id}", response_model=LoanOut)
        def show_loan(loan_id: int, db: Session = Depends(get_db)):
            loan = db.get(Loan, loan_id)
            if loan is None:
                raise HTTPException(404, "Loan not found")
            return loan

        @app.post("/loans/{loan_id}/close")
        def close_loan(loan_id: int, db: Session = Depends(get_db)):
            loan = db.get(Loan, loan_id)
            if loan is None:
                raise HTTPException(404, "Loan not found")
            if not loan.open:
                raise HTTPException(409, "Loan is closed already")
            loan.open = False
            db.commit()
            return {"id": loan.id}

        @app.post("/loans/{loan_id}/renew")
        def renew_loan(loan_id: int, db: Session = Depends(get_db)):
            loan = db.get(Loan, loan_id)
            if loan is None:
                raise HTTPException(404, "Loan not found")
            if not loan.open:
                raise HTTPException(409, "Loan is closed")
            tier = loan.member.tier
            if date(2024, 1, 10) > loan.start + timedelta(days=tier.days):
                raise HTTPException(409, "Loan is overdue")
            loan.days = loan.days + tier.days
            db.commit()
            return {"id": loan.id, "days": loan.days}

        @app.patch("/loans/{loan_id}/extend")
        def extend_loan(loan_id: int, db: Session = Depends(get_db)):
            loan = db.get(Loan, loan_id)
            if loan is None:
                raise HTTPException(404, "Loan not found")
            if loan.member.tier.days < 7:
                raise HTTPException(409, "Loan is too short")
            return {"id": loan.id}

        @app.get("/members/{member_id}", response_model=MemberOut)
        def show_member(member_id: int, db: Session = Depends(get_db)):
            member = db.get(Member, member_id)
            if member is None:
                raise HTTPException(404, "Member not found")
            return {"id": member.id, "name": member.name, "tier_days": member.tier.days}

        @app.get("/members/{member_id}/last-loan", response_model=LoanOut)
        def last_loan(member_id: int, db: Session = Depends(get_db)):
            loans = db.scalars(select(Loan).where(Loan.member_id == member_id).order_by(Loan.id)).all()
            return loans[-1]

        @app.get("/search", response_model=LoanOut)
        def first_match(title: str, db: Session = Depends(get_db)) -> Loan:
            matches = [loan for loan in db.scalars(select(Loan)) if title in loan.title]
            return matches[0]

        @app.get("/members/{member_id}/newest")
        def newest(member_id: int, db: Session = Depends(get_db)):
            member = db.get(Member, member_id)
            if member is None:
                raise HTTPException(404, "Member not found")
            titles = [loan.title for loan in member.loans]
            return {"newest": titles[-1]}

        @app.get("/by-email/{email}")
        def by_email(email: str, db: Session = Depends(get_db)):
            member = queries.member_by_email(db, email)
            return {"id": member.id}

        @app.get("/by-title/{title}", response_model=LoanOut)
        def by_title(title: str, db: Session = Depends(get_db)):
            return db.scalars(select(Loan).where(Loan.title == title)).one()

        @app.get("/loans/{loan_id}/title")
        def loan_title(loan_id: int, db: Session = Depends(get_db)):
            return {"title": db.get_one(Loan, loan_id).title}

        @app.delete("/members/{member_id}", status_code=204)
        def remove_member(member_id: int, db: Session = Depends(get_db)):
            member = db.get(Member, member_id)
            if member is None:
                raise HTTPException(404, "Member not found")
            db.delete(member)
            db.commit()

        @app.delete("/tiers/{tier_id}", status_code=204)
        def remove_tier(tier_id: int, db: Session = Depends(get_db)):
            tier = db.get(Tier, tier_id)
            if tier is None:
                raise HTTPException(404, "Tier not found")
            db.execute(Tier.__table__.delete().where(Tier.id == tier_id))
            db.commit()

        @app.post("/members", status_code=201)
        def add_member(body: MemberIn, db: Session = Depends(get_db)):
            if not body.name:
                raise HTTPException(422, "Name must not be empty")
            member = Member(name=body.name, email=body.email)
            db.add(member)
            db.commit()
            return {"id": member.id}

        @app.post("/loans", status_code=201)
        def add_loan(body: LoanIn, db: Session = Depends(get_db)):
            loan = Loan(member_id=body.member_id, title=body.title, start=date(2024, 5, 1))
            db.add(loan)
            db.commit()
            return {"id": loan.id}

        @app.get("/loans/{loan_id}/fine")
        def fine(loan_id: int, late: int, db: Session = Depends(get_db)):
            loan = db.get(Loan, loan_id)
            if loan is None:
                raise HTTPException(404, "Loan not found")
            if loan.kind == "book":
                cents = late * 10
            elif loan.kind == "record":
                cents = late * 25
            return {"cents": cents}
    """,
}

CASES: list[tuple[str, str | Mapping[str, str], Sequence[Ask], Ask, int, Any]] = [
    (
        "a missing relation forbids an action",
        LIBRARY,
        [],
        Ask("POST", "/loans/2/renew"),
        409,
        {"detail": "Member has no tier"},
    ),
    (
        "a missing relation used at once forbids an action",
        LIBRARY,
        [],
        Ask("PATCH", "/loans/2/extend"),
        409,
        {"detail": "Member has no tier"},
    ),
    (
        "a missing relation is shown as null",
        LIBRARY,
        [],
        Ask("GET", "/members/2"),
        200,
        {"id": 2, "name": "Bob", "tier_days": None},
    ),
    ("the last row of none", LIBRARY, [], Ask("GET", "/members/3/last-loan"), 404, {"detail": "Loan not found"}),
    ("the first match of none", LIBRARY, [], Ask("GET", "/search?title=zz"), 404, None),
    ("a scalar of no row", LIBRARY, [], Ask("GET", "/members/3/newest"), 200, {"newest": None}),
    ("no row in a helper", LIBRARY, [], Ask("GET", "/by-email/z"), 404, {"detail": "Member not found"}),
    ("no row in a return", LIBRARY, [], Ask("GET", "/by-title/z"), 404, {"detail": "Loan not found"}),
    ("no row by its key", LIBRARY, [], Ask("GET", "/loans/99/title"), 404, {"detail": "Loan not found"}),
    (
        "a parent that children need",
        LIBRARY,
        [],
        Ask("DELETE", "/members/1"),
        409,
        {"detail": "Member is still in use"},
    ),
    ("a parent deleted by statement", LIBRARY, [], Ask("DELETE", "/tiers/1"), 409, {"detail": "Tier is still in use"}),
    (
        "a value that is taken",
        LIBRARY,
        [],
        Ask("POST", "/members", {"name": "A", "email": "ann@x.example"}),
        409,
        {"detail": "Email is already taken"},
    ),
    (
        "a child of a parent that is not there",
        LIBRARY,
        [],
        Ask("POST", "/loans", {"member_id": 77, "title": "x"}),
        404,
        {"detail": "Member not found"},
    ),
    ("no branch for a stored kind", LIBRARY, [], Ask("GET", "/loans/3/fine?late=3"), 200, {"cents": 0}),
]


@pytest.mark.parametrize(
    ("text", "before", "failing", "status", "body"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_the_first_that_works_is_right(
    text: str | Mapping[str, str], before: Sequence[Ask], failing: Ask, status: int, body: Any
) -> None:
    _, healed = heal(text, before, failing)
    assert healed, "no candidate answers"
    candidate, answer = healed[0]
    assert (answer.status, answer.body if body is not None else None) == (status, body), candidate.changes[0].after
