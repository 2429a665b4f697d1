from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from payroll.errors import Conflict, NotFound
from payroll.models import Employee
from payroll.schemas import EmployeeIn


def by_number(db: Session, number: str) -> Employee:
    found = db.scalar(select(Employee).where(Employee.number == number))
    if found is None:
        raise NotFound(f"no employee {number}")
    return found


def hire(db: Session, body: EmployeeIn) -> Employee:
    if db.scalar(select(Employee.id).where(Employee.number == body.number)):
        raise Conflict(f"number {body.number} is taken")
    made = Employee(**body.model_dump())
    db.add(made)
    db.commit()
    return made


def close_until(db: Session, number: str, until: date) -> Employee:
    who = by_number(db, number)
    if who.closed_until and until < who.closed_until:
        raise Conflict("a closed period cannot be opened again")
    who.closed_until = until
    db.commit()
    return who
