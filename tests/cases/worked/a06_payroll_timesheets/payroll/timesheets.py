"""Entries of the time sheet; one per person and day."""
from datetime import date
from typing import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payroll.errors import Conflict, NotFound
from payroll.models import Change, Employee, Entry
from payroll.schemas import EntryChange, EntryIn


def must_be_open(who: Employee, day: date) -> None:
    if who.closed_until and day <= who.closed_until:
        raise Conflict(f"{day} is in a closed period")


def on_day(db: Session, who: Employee, day: date) -> Entry | None:
    return db.scalar(select(Entry).where(Entry.employee_id == who.id, Entry.day == day))


def by_id(db: Session, entry_id: int) -> Entry:
    found = db.get(Entry, entry_id)
    if found is None:
        raise NotFound(f"no entry {entry_id}")
    return found


def of_employee(db: Session, who: Employee) -> Sequence[Entry]:
    return db.scalars(select(Entry).where(Entry.employee_id == who.id).order_by(Entry.day)).all()


def record(db: Session, what: str, entry: Entry) -> None:
    """Writes the change down in the same transaction; a new entry gets its id by this."""
    db.flush()
    db.add(Change(employee_id=entry.employee.id, entry_id=entry.id, what=f"{what} {entry.day} {entry.minutes}"))


def changes_of(db: Session, who: Employee) -> Sequence[Change]:
    return db.scalars(select(Change).where(Change.employee_id == who.id).order_by(Change.id)).all()


def add(db: Session, who: Employee, body: EntryIn) -> Entry:
    must_be_open(who, body.day)
    if on_day(db, who, body.day):
        raise Conflict(f"there is an entry for {body.day} already")
    entry = Entry(employee=who, **body.model_dump())
    db.add(entry)
    record(db, "added", entry)
    db.commit()
    return entry


def change(db: Session, entry_id: int, body: EntryChange) -> Entry:
    entry = by_id(db, entry_id)
    must_be_open(entry.employee, entry.day)
    if body.day is not None:
        must_be_open(entry.employee, body.day)
    values = body.model_dump(exclude_none=True)
    if values:
        db.execute(update(Entry).where(Entry.id == entry.id).values(**values))
    record(db, "changed", entry)
    db.commit()
    return entry


def remove(db: Session, entry_id: int) -> None:
    entry = by_id(db, entry_id)
    must_be_open(entry.employee, entry.day)
    record(db, "removed", entry)
    db.delete(entry)
    db.commit()
