"""/rates"""
from fastapi import APIRouter, Depends, Query
from sqlalchemy.orm import Session

from . import assessment, lookup
from .database import get_db

router = APIRouter(prefix="/rates")


@router.get("/{year}")
def brackets(year: int, db: Session = Depends(get_db)):
    return [{"above": b.above, "percent": b.percent} for b in lookup.brackets(db, year)]


@router.get("/{year}/estimate")
def estimate(year: int, taxable: int = Query(ge=0), db: Session = Depends(get_db)):
    return {"tax": assessment.tax(taxable, lookup.brackets(db, year))}
