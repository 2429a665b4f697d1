from datetime import date
from typing import Optional

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from payroll.db import Base


class Employee(Base):
    __tablename__ = "employee"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    hourly_cents: Mapped[int]
    closed_until: Mapped[Optional[date]]


class Entry(Base):
    """Hours of one person on one day."""

    __tablename__ = "entry"
    __table_args__ = (UniqueConstraint("employee_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    day: Mapped[date]
    minutes: Mapped[int]
    comment: Mapped[str] = mapped_column(default="")
    employee: Mapped[Employee] = relationship()


class Change(Base):
    """Who looks at a slip later wants to know how the hours came about."""

    __tablename__ = "change"

    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    entry_id: Mapped[int]
    what: Mapped[str]
