from datetime import date

from pydantic import BaseModel


class LoanForm(BaseModel):
    card: str
    barcode: str
    on: date


class ReturnForm(BaseModel):
    barcode: str
    on: date


class HoldForm(BaseModel):
    card: str
    title: int
