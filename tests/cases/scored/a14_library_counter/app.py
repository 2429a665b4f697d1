"""Loan counter of the branch library."""
from datetime import date
from sqlite3 import Connection
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse

from stacks import catalogue, holds, loans, patrons
from stacks.database import connection, prepare
from stacks.faults import Fault
from stacks.forms import HoldForm, LoanForm, ReturnForm

app = FastAPI(title="library counter")
prepare()

Db = Annotated[Connection, Depends(connection)]


@app.exception_handler(Fault)
async def fault_answer(request: Request, fault: Fault):
    return JSONResponse({"fault": fault.code, "text": fault.text}, status_code=fault.status)


@app.get("/titles")
def titles(db: Db, q: Annotated[str, Query(min_length=2)]):
    return catalogue.search(db, q)


@app.get("/copies/{barcode}")
def copy(db: Db, barcode: str):
    return catalogue.copy(db, barcode)


@app.post("/loans", status_code=201)
def lend(db: Db, form: LoanForm):
    patron = patrons.by_card(db, form.card)
    return loans.lend(db, patron, form.barcode, form.on)


@app.post("/loans/{barcode}/renewal")
def renew(db: Db, barcode: str, on: date):
    return loans.renew(db, barcode, on)


@app.post("/returns")
def give_back(db: Db, form: ReturnForm):
    """Takes a copy back and says for whom it is to be put aside, if for anybody."""
    loan = loans.give_back(db, form.barcode, form.on)
    waiting = holds.first(db, loan["title"])
    return {**loan, "put_aside_for": waiting["card"] if waiting else None}


@app.post("/holds", status_code=201)
def hold(db: Db, form: HoldForm):
    patron = patrons.by_card(db, form.card)
    return holds.place(db, patron, form.title)


@app.get("/patrons/{card}")
def patron(db: Db, card: str):
    who = patrons.by_card(db, card)
    return {"card": who["card"], "name": who["name"], "loans": loans.of_patron(db, who["id"])}
