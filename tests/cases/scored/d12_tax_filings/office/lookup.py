"""Finding things the paths talk about."""
from sqlalchemy import select
from sqlalchemy.orm import Session

from .problems import missing
from .tables import Bracket, Filing, Taxpayer


def taxpayer(db: Session, tin: str) -> Taxpayer:
    found = db.scalar(select(Taxpayer).where(Taxpayer.tin == tin))
    if found is None:
        raise missing("taxpayer")
    return found


def filing(db: Session, tin: str, year: int) -> Filing:
    owner = taxpayer(db, tin)
    return db.get_one(Filing, (owner.id, year))


def brackets(db: Session, year: int) -> list[Bracket]:
    found = list(db.scalars(select(Bracket).where(Bracket.year == year).order_by(Bracket.above)))
    if not found:
        raise missing("tax year")
    return found
