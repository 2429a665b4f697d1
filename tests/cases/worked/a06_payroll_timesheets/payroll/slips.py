"""Pay for a calendar month. Minutes are paid exactly; the sum is rounded to the cent once."""
from calendar import monthrange
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from payroll.errors import NotFound
from payroll.models import Employee, Entry
from payroll.schemas import Slip


def for_month(db: Session, who: Employee, year: int, month: int) -> Slip:
    if not (1 <= month <= 12 and 2000 <= year <= 2100):
        raise NotFound("no such month")
    first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    minutes = db.scalars(select(Entry.minutes).where(Entry.employee_id == who.id, Entry.day.between(first, last))).all()
    return Slip(number=who.number, month=f"{year}-{month:02}", days=len(minutes), minutes=sum(minutes), cents=round(sum(minutes) * who.hourly_cents / 60))
