"""What a database refuses or lacks: the first candidate that works gives the answer a maintainer would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from .crashes import Ask, heal
from .test_playbooks_database import DATABASE

LABORATORY = {
    "lab/db.py": DATABASE,
    "lab/models.py": """
        from datetime import date, datetime
        from typing import Optional
        from sqlalchemy import ForeignKey, CheckConstraint
        from sqlalchemy.orm import Mapped, mapped_column, relationship
        from lab.db import Base

        class Method(Base):
            __tablename__ = "methods"
            id: Mapped[int] = mapped_column(primary_key=True)
            code: Mapped[str] = mapped_column(unique=True)
            hours: Mapped[int]
            lead: Mapped[Optional[str]]

        class Fridge(Base):
            __tablename__ = "fridges"
            id: Mapped[int] = mapped_column(primary_key=True)
            label: Mapped[str] = mapped_column(unique=True)

        class Sample(Base):
            __tablename__ = "samples"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]
            volume: Mapped[int] = mapped_column(CheckConstraint("volume >= 0", name="volume_not_negative"))
            state: Mapped[str]
            taken: Mapped[Optional[date]]
            expires: Mapped[Optional[datetime]]
            method_id: Mapped[Optional[int]] = mapped_column(ForeignKey("methods.id"))
            fridge_id: Mapped[int] = mapped_column(ForeignKey("fridges.id"))
            method: Mapped[Optional[Method]] = relationship()
            fridge: Mapped[Fridge] = relationship()
""",
    "lab/crud.py": """
        from sqlalchemy.orm import Session
        from lab.models import Fridge, Method, Sample

        def sample(db: Session, sample_id: int):
            return db.query(Sample).filter_by(id=sample_id).first()

        def method_by_code(db: Session, code: str):
            return db.query(Method).filter_by(code=code).one()

        def save(db: Session, row):
            db.add(row)
            db.commit()
            db.refresh(row)
            return row

        def remove(db: Session, row):
            db.delete(row)
            db.commit()
""",
    "lab/api.py": """
        from datetime import datetime, timedelta
        from typing import Optional
        from fastapi import APIRouter, Depends, FastAPI, HTTPException, status
        from pydantic import BaseModel
        from sqlalchemy import delete, select
        from sqlalchemy.orm import Session
        from sqlalchemy.exc import IntegrityError
        from lab import crud
        from lab.db import Base, Sessions, engine, get_db
        from lab.models import Fridge, Method, Sample

        router = APIRouter()

        class SampleIn(BaseModel):
            name: str
            volume: int
            method_id: Optional[int] = None
            fridge_id: int

        class FridgeIn(BaseModel):
            label: Optional[str] = None

        class MethodIn(BaseModel):
            code: str
            hours: int = 1

        class SampleOut(BaseModel):
            id: int
            name: str
            method: Optional[str] = None

        def sample_or_404(db: Session, sample_id: int) -> Sample:
            found = crud.sample(db, sample_id)
            if found is None:
                raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail=f"No sample with id {sample_id}.")
            return found

        @router.post("/samples", status_code=201)
        def create(body: SampleIn, db: Session = Depends(get_db)):
            if body.method_id is not None:
                method = db.get(Method, body.method_id)
                if method is None:
                    raise HTTPException(status_code=422, detail=f"No method with id {body.method_id}.")
            row = Sample(name=body.name, volume=body.volume, method_id=body.method_id, state="new")
            row.fridge_id = body.fridge_id
            return {"id": crud.save(db, row).id}

        @router.post("/fridges", status_code=201)
        def add_fridge(body: FridgeIn, db: Session = Depends(get_db)):
            row = Fridge(label=body.label)
            db.add(row)
            db.commit()
            return {"id": row.id}

        @router.post("/methods", status_code=201)
        def add_method(body: MethodIn, db: Session = Depends(get_db)):
            row = Method(code=body.code, hours=body.hours)
            db.add(row)
            try:
                db.commit()
            except IntegrityError:
                db.rollback()
                raise HTTPException(status_code=status.HTTP_409_CONFLICT, detail="Method already exists.")
            return {"id": row.id}

        @router.delete("/fridges/{fridge_id}", status_code=204)
        def drop_fridge(fridge_id: int, db: Session = Depends(get_db)):
            row = db.get(Fridge, fridge_id)
            if row is None:
                raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail=f"No fridge with id {fridge_id}.")
            crud.remove(db, row)

        @router.delete("/methods/{code}", status_code=204)
        def drop_method(code: str, db: Session = Depends(get_db)):
            with db.begin():
                db.execute(delete(Method).where(Method.code == code))

        @router.post("/samples/{sample_id}/start")
        def start(sample_id: int, db: Session = Depends(get_db)):
            sample = sample_or_404(db, sample_id)
            if sample.state != "new":
                raise HTTPException(status_code=status.HTTP_409_CONFLICT, detail=f"Sample is {sample.state}.")
            sample.state = "running"
            sample.expires = datetime(2024, 1, 1) + timedelta(hours=sample.method.hours)
            db.commit()
            return {"id": sample.id, "method": sample.method.code}

        @router.post("/samples/{sample_id}/label")
        def label(sample_id: int, db: Session = Depends(get_db)):
            sample = sample_or_404(db, sample_id)
            return {"id": sample.id, "method": sample.method.code}

        @router.post("/samples/{sample_id}/use")
        def use(sample_id: int, db: Session = Depends(get_db)):
            sample = sample_or_404(db, sample_id)
            if sample.expires < datetime(2024, 1, 1):
                raise HTTPException(status_code=status.HTTP_409_CONFLICT, detail="Sample is expired.")
            return {"id": sample.id}

        @router.post("/samples/{sample_id}/take")
        def take(sample_id: int, volume: int, db: Session = Depends(get_db)):
            sample = sample_or_404(db, sample_id)
            sample.volume = sample.volume - volume
            db.commit()
            return {"id": sample.id, "volume": sample.volume}

        @router.get("/samples/{sample_id}", response_model=SampleOut)
        def show(sample_id: int, db: Session = Depends(get_db)):
            sample = sample_or_404(db, sample_id)
            return SampleOut(id=sample.id, name=sample.name, method=sample.method.code)

        @router.get("/methods/{code}")
        def method(code: str, db: Session = Depends(get_db)):
            found = crud.method_by_code(db, code)
            return {"code": found.code, "lead": found.lead.title()}

        @router.get("/methods/{code}/first-sample")
        def first_sample(code: str, db: Session = Depends(get_db)):
            rows = db.scalars(select(Sample).join(Method).where(Method.code == code)).all()
            first = rows[0]
            return {"id": first.id, "name": first.name}

        @router.put("/samples/{sample_id}/method")
        def switch(sample_id: int, code: str, db: Session = Depends(get_db)):
            sample = sample_or_404(db, sample_id)
            sample.method = db.scalars(select(Method).where(Method.code == code)).first()
            hours = sample.method.hours
            db.commit()
            return {"hours": hours}

        app = FastAPI()
        app.include_router(router)
        Base.metadata.create_all(engine)
        with Sessions() as seed:
            seed.add_all([Method(id=1, code="pcr", hours=4), Method(id=2, code="elisa", hours=9, lead="kim")])
            seed.add_all([Fridge(id=1, label="north"), Fridge(id=2, label="south")])
            seed.flush()
            seed.add(Sample(id=1, name="a", volume=5, state="new", fridge_id=1))
            seed.add(Sample(id=2, name="b", volume=5, state="new", fridge_id=1, method_id=1))
            seed.commit()
""",
}

CASES: list[tuple[str, str | Mapping[str, str], Ask, int, Any]] = [
    (
        "a key that was sent and leads nowhere",
        LABORATORY,
        Ask("POST", "/samples", {"name": "x", "volume": 1, "fridge_id": 9}),
        422,
        {"detail": "No fridge with id 9."},
    ),
    ("a column left out", LABORATORY, Ask("POST", "/fridges", {}), 422, {"detail": "Label is required."}),
    (
        "a value that is taken, as a sibling says it",
        LABORATORY,
        Ask("POST", "/fridges", {"label": "north"}),
        409,
        {"detail": "Fridge already exists."},
    ),
    (
        "a parent removed in a helper",
        LABORATORY,
        Ask("DELETE", "/fridges/1"),
        409,
        {"detail": "Fridge is still in use."},
    ),
    (
        "a parent removed in a transaction",
        LABORATORY,
        Ask("DELETE", "/methods/pcr"),
        409,
        {"detail": "Method is still in use."},
    ),
    (
        "a relation that an action needs",
        LABORATORY,
        Ask("POST", "/samples/1/start"),
        409,
        {"detail": "Sample has no method."},
    ),
    ("a relation that is only shown", LABORATORY, Ask("POST", "/samples/1/label"), 200, {"id": 1, "method": None}),
    ("a check of the database", LABORATORY, Ask("POST", "/samples/1/take?volume=9"), 422, None),
    ("a relation in a model", LABORATORY, Ask("GET", "/samples/1"), 200, {"id": 1, "name": "a", "method": None}),
    ("one row in a helper", LABORATORY, Ask("GET", "/methods/zz"), 404, {"detail": "Method not found."}),
    ("a column that is shown", LABORATORY, Ask("GET", "/methods/pcr"), 200, {"code": "pcr", "lead": None}),
    ("the first row of none", LABORATORY, Ask("GET", "/methods/elisa/first-sample"), 404, None),
    ("a relation set from what was sent", LABORATORY, Ask("PUT", "/samples/1/method?code=zz"), 404, None),
]


@pytest.mark.parametrize(("text", "failing", "status", "body"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_first_that_works_is_right(text: str | Mapping[str, str], failing: Ask, status: int, body: Any) -> None:
    _, healed = heal(text, [], failing)
    assert healed, "no candidate answers"
    candidate, answer = healed[0]
    assert (answer.status, answer.body if body is not None else None) == (status, body), candidate.changes[0].after


def test_several_rows_where_one_was_meant_are_left_to_a_person() -> None:
    crud = LABORATORY["lab/crud.py"].replace("filter_by(code=code)", "filter()")
    diagnosis, healed = heal({**LABORATORY, "lab/crud.py": crud}, [], Ask("GET", "/methods/pcr"))
    assert diagnosis.cause.startswith("The query in method_by_code found several rows")
    assert not healed
