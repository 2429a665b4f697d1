"""Changes to rows, and the entries about them in the members' log."""
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from .models import LogEntry, Member


def change_row(db: Session, table: type, number: int, values: dict) -> None:
    if values:
        db.execute(update(table).where(table.id == number).values(**values))


def record(db: Session, member: Member, what: str) -> None:
    db.add(LogEntry(member_id=member.id, what=what))


def of(db: Session, member: Member) -> list[str]:
    return list(db.scalars(select(LogEntry.what).where(LogEntry.member_id == member.id).order_by(LogEntry.id)))
