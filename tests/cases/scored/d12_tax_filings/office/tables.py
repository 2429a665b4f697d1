"""Tables."""
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .database import Base


class Taxpayer(Base):
    __tablename__ = "taxpayers"

    id: Mapped[int] = mapped_column(primary_key=True)
    tin: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    filings: Mapped[list["Filing"]] = relationship(back_populates="taxpayer", order_by="Filing.year")


class Filing(Base):
    __tablename__ = "filings"

    taxpayer_id: Mapped[int] = mapped_column(ForeignKey("taxpayers.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    income: Mapped[int]
    deductions: Mapped[int] = mapped_column(default=0)
    assessed: Mapped[bool] = mapped_column(default=False)
    taxpayer: Mapped[Taxpayer] = relationship(back_populates="filings")


class Bracket(Base):
    __tablename__ = "brackets"

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    above: Mapped[int]
    percent: Mapped[int]
