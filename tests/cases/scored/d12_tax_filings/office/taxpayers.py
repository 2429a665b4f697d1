"""/taxpayers"""
from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.orm import Session

from . import lookup
from .bodies import TaxpayerIn, TaxpayerOut
from .database import get_db
from .problems import conflict
from .tables import Taxpayer

router = APIRouter(prefix="/taxpayers")


@router.post("", status_code=201, response_model=TaxpayerOut)
def register(body: TaxpayerIn, db: Session = Depends(get_db)):
    if db.scalar(select(Taxpayer).where(Taxpayer.tin == body.tin)):
        raise conflict("this number is taken")
    person = Taxpayer(**body.model_dump())
    db.add(person)
    db.commit()
    return person


@router.get("/{tin}", response_model=TaxpayerOut)
def show(tin: str, db: Session = Depends(get_db)):
    return lookup.taxpayer(db, tin)


@router.get("/{tin}/years")
def years(tin: str, db: Session = Depends(get_db)):
    """Years there is a filing for."""
    return [f.year for f in lookup.taxpayer(db, tin).filings]
