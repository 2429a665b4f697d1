"""Circulation desk: lending, returning, what a reader owes."""
from datetime import date
from typing import Optional

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

import policy
from shelves import LibraryError, Loan, Shelves

app = FastAPI(title="circulation")
_shelves = Shelves()


def shelves() -> Shelves:
    return _shelves


@app.exception_handler(LibraryError)
async def library_error(request: Request, error: LibraryError):
    return JSONResponse({"error": error.message}, status_code=error.status)


class Lending(BaseModel):
    reader: str
    item: str
    on: date


class Return(BaseModel):
    item: str
    on: date


def owed(loan: Loan, today: date) -> int:
    """Cents for one loan, counted up to its return or to today."""
    end = loan.returned or today
    return policy.fee(loan.kind, (end - loan.due).days)


def loan_out(loan: Loan) -> dict:
    return {"item": loan.item, "reader": loan.reader, "due": loan.due, "returned": loan.returned}


@app.post("/loans", status_code=201)
def lend(body: Lending, books: Shelves = Depends(shelves)):
    kind = books.kind_of(body.item)
    return loan_out(books.lend(body.reader, body.item, body.on, policy.due(kind, body.on)))


@app.post("/returns")
def give_back(body: Return, books: Shelves = Depends(shelves)):
    loan = books.give_back(body.item, body.on)
    return {**loan_out(loan), "fee": owed(loan, body.on)}


@app.get("/readers/{reader}/account")
def account(reader: str, on: date, books: Shelves = Depends(shelves)):
    """Everything the reader owes on a day, returned items included until they are paid."""
    total, lines = 0, []
    for loan in books.loans_of(reader):
        cents = owed(loan, on)
        total += cents
        if cents:
            lines.append({"item": loan.item, "cents": cents})
    return {"reader": reader, "cents": total, "blocked": total >= policy.BLOCK_AT, "lines": lines}


@app.get("/overdue")
def overdue(on: date, kind: Optional[str] = None, books: Shelves = Depends(shelves)):
    late = [loan for loan in books.open_loans() if loan.due < on and kind in (None, loan.kind)]
    return [loan_out(loan) for loan in sorted(late, key=lambda loan: (loan.due, loan.item))]
