"""/taxpayers/{tin}/filings"""
from fastapi import APIRouter, Depends, Response
from sqlalchemy.orm import Session

from . import assessment, lookup
from .bodies import Amounts, FilingIn, FilingOut, Notice
from .database import get_db
from .problems import conflict
from .tables import Filing

router = APIRouter(prefix="/taxpayers/{tin}/filings")


def open_filing(tin: str, year: int, db: Session = Depends(get_db)) -> Filing:
    """A filing that can still be changed."""
    found = lookup.filing(db, tin, year)
    if found.assessed:
        raise conflict("this filing has been assessed")
    return found


@router.post("", status_code=201, response_model=FilingOut)
def file(tin: str, body: FilingIn, db: Session = Depends(get_db)):
    owner = lookup.taxpayer(db, tin)
    if any(f.year == body.year for f in owner.filings):
        raise conflict("there is a filing for this year")
    filing = Filing(taxpayer_id=owner.id, **body.model_dump())
    db.add(filing)
    db.commit()
    db.refresh(owner)
    return filing


@router.get("", response_model=list[FilingOut])
def listing(tin: str, db: Session = Depends(get_db)):
    return lookup.taxpayer(db, tin).filings


@router.get("/{year}", response_model=FilingOut)
def show(tin: str, year: int, db: Session = Depends(get_db)):
    return lookup.filing(db, tin, year)


@router.put("/{year}", response_model=FilingOut)
def amend(body: Amounts, filing: Filing = Depends(open_filing), db: Session = Depends(get_db)):
    filing.income, filing.deductions = body.income, body.deductions
    db.commit()
    return filing


@router.delete("/{year}", status_code=204)
def withdraw(filing: Filing = Depends(open_filing), db: Session = Depends(get_db)):
    db.delete(filing)
    db.commit()
    return Response(status_code=204)


@router.post("/{year}/assessment", response_model=Notice)
def assess(tin: str, filing: Filing = Depends(open_filing), db: Session = Depends(get_db)):
    brackets = lookup.brackets(db, filing.year)
    filing.assessed = True
    db.commit()
    taxable = FilingOut.model_validate(filing).taxable
    return Notice(tin=tin, year=filing.year, taxable=taxable, tax=assessment.tax(taxable, brackets))
