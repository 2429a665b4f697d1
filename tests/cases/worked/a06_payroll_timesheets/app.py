"""Time sheets and pay slips: the HTTP side. The rules are in the payroll package."""
from datetime import date
from typing import Annotated, Iterator

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from payroll import employees, slips, timesheets
from payroll.db import SessionLocal, create_all
from payroll.errors import PayrollError
from payroll.schemas import EmployeeIn, EmployeeOut, EntryChange, EntryIn, EntryOut, Slip

app = FastAPI(title="payroll")
create_all()


def session() -> Iterator[Session]:
    with SessionLocal() as db:
        yield db


Db = Annotated[Session, Depends(session)]


@app.exception_handler(PayrollError)
async def payroll_error(request: Request, error: PayrollError):
    return JSONResponse({"error": error.kind, "message": str(error)}, status_code=error.status)


@app.post("/employees", status_code=201)
def hire(body: EmployeeIn, db: Db) -> EmployeeOut:
    return EmployeeOut.model_validate(employees.hire(db, body))


@app.get("/employees/{number}")
def employee(number: str, db: Db) -> EmployeeOut:
    return EmployeeOut.model_validate(employees.by_number(db, number))


@app.post("/employees/{number}/entries", status_code=201)
def add_entry(number: str, body: EntryIn, db: Db) -> EntryOut:
    return EntryOut.model_validate(timesheets.add(db, employees.by_number(db, number), body))


@app.get("/employees/{number}/entries")
def entries(number: str, db: Db) -> list[EntryOut]:
    who = employees.by_number(db, number)
    return [EntryOut.model_validate(e) for e in timesheets.of_employee(db, who)]


@app.get("/employees/{number}/changes")
def changes(number: str, db: Db) -> list[str]:
    return [c.what for c in timesheets.changes_of(db, employees.by_number(db, number))]


@app.patch("/entries/{entry_id}")
def change_entry(entry_id: int, body: EntryChange, db: Db) -> EntryOut:
    return EntryOut.model_validate(timesheets.change(db, entry_id, body))


@app.delete("/entries/{entry_id}", status_code=204)
def delete_entry(entry_id: int, db: Db) -> Response:
    timesheets.remove(db, entry_id)
    return Response(status_code=204)


@app.get("/employees/{number}/slips/{year}/{month}")
def slip(number: str, year: int, month: int, db: Db) -> Slip:
    return slips.for_month(db, employees.by_number(db, number), year, month)


@app.post("/employees/{number}/close")
def close(number: str, until: date, db: Db) -> EmployeeOut:
    """Entries up to this day are paid and stay as they are."""
    return EmployeeOut.model_validate(employees.close_until(db, number, until))
