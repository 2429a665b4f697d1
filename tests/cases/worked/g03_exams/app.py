"""Registration for the language exams."""
from typing import Iterator

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import ForeignKey, String, UniqueConstraint, create_engine, func, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool

app = FastAPI(title="exam office")
engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})


class Base(DeclarativeBase):
    pass


class Exam(Base):
    __tablename__ = "exams"
    code: Mapped[str] = mapped_column(String, primary_key=True)
    title: Mapped[str]
    seats: Mapped[int]


class Registration(Base):
    __tablename__ = "registrations"
    __table_args__ = (UniqueConstraint("candidate", "exam_code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    candidate: Mapped[str]
    exam_code: Mapped[str] = mapped_column(ForeignKey("exams.code"))
    exam: Mapped[Exam] = relationship()


Base.metadata.create_all(engine)
with Session(engine) as _s:
    _s.add_all([Exam(code="B1-06", title="German B1, June", seats=3), Exam(code="B1-09", title="German B1, September", seats=2),
                Exam(code="C1-06", title="German C1, June", seats=1)])
    _s.commit()


class NewRegistration(BaseModel):
    candidate: str = Field(min_length=2)


class Transfer(BaseModel):
    exam: str


def session() -> Iterator[Session]:
    with Session(engine) as s:
        yield s


def exam_or_404(s: Session, code: str) -> Exam:
    exam = s.get(Exam, code)
    if exam is None:
        raise HTTPException(404, "no such exam")
    return exam


def registration_or_404(s: Session, number: int) -> Registration:
    found = s.get(Registration, number)
    if found is None:
        raise HTTPException(404, "no such registration")
    return found


def free_seats(s: Session, exam: Exam) -> int:
    return exam.seats - s.scalar(select(func.count()).where(Registration.exam_code == exam.code))


def is_registered(s: Session, candidate: str, code: str) -> bool:
    return s.scalar(select(Registration.id).filter_by(candidate=candidate, exam_code=code)) is not None


def as_json(r: Registration) -> dict:
    return {"id": r.id, "candidate": r.candidate, "exam": r.exam_code, "title": r.exam.title}


@app.get("/exams")
def exams(s: Session = Depends(session)):
    return [{"code": e.code, "title": e.title, "free": free_seats(s, e)} for e in s.scalars(select(Exam).order_by(Exam.code))]


@app.post("/exams/{code}/registrations", status_code=201)
def register(code: str, body: NewRegistration, s: Session = Depends(session)):
    exam = exam_or_404(s, code)
    if is_registered(s, body.candidate, code):
        raise HTTPException(409, "already registered for this exam")
    if free_seats(s, exam) < 1:
        raise HTTPException(409, "exam is full")
    new = Registration(candidate=body.candidate, exam=exam)
    s.add(new)
    s.commit()
    return as_json(new)


@app.get("/exams/{code}/registrations")
def candidates(code: str, s: Session = Depends(session)):
    exam_or_404(s, code)
    return list(s.scalars(select(Registration.candidate).filter_by(exam_code=code).order_by(Registration.candidate)))


@app.patch("/registrations/{number}")
def transfer(number: int, body: Transfer, s: Session = Depends(session)):
    """Moves a candidate to another date; tells how many seats are left there."""
    registration = registration_or_404(s, number)
    exam = exam_or_404(s, body.exam)
    if free_seats(s, exam) < 1:
        raise HTTPException(409, "exam is full")
    s.execute(update(Registration).where(Registration.id == number).values(exam_code=exam.code))
    answer = {**as_json(registration), "free": free_seats(s, exam)}
    s.commit()
    return answer


@app.delete("/registrations/{number}", status_code=204)
def withdraw(number: int, s: Session = Depends(session)):
    s.delete(registration_or_404(s, number))
    s.commit()
