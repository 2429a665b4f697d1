"""Tax office: taxpayers, their yearly filings and what they owe.

TAX_DB is the SQLAlchemy URL of the database (in memory by default). Amounts are whole euros.
"""
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from office import filings, rates, taxpayers
from office.database import Base, SessionLocal, engine
from office.problems import Problem
from office.tables import Bracket

BRACKETS = [
    # year, from, percent
    (2022, 0, 0),
    (2022, 10000, 20),
    (2022, 40000, 35),
    (2023, 0, 0),
    (2023, 11000, 20),
    (2023, 42000, 36),
]


def prepare() -> None:
    Base.metadata.create_all(engine)
    with SessionLocal() as db:
        if db.query(Bracket).first() is None:
            db.add_all(Bracket(year=year, above=above, percent=percent) for year, above, percent in BRACKETS)
            db.commit()


def problem_response(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)


prepare()
app = FastAPI(title="tax office")
app.include_router(taxpayers.router)
app.include_router(filings.router)
app.include_router(rates.router)


@app.exception_handler(Problem)
def problem(request: Request, exc: Problem):
    return problem_response(exc.status, exc.code, exc.message)


@app.exception_handler(RequestValidationError)
def invalid(request: Request, exc: RequestValidationError):
    fields = sorted({str(e["loc"][-1]) for e in exc.errors()})
    return problem_response(422, "invalid", "please check: " + ", ".join(fields))


@app.get("/healthz")
def health():
    return {"ok": True}


@app.get("/")
def root():
    return {"service": "tax office"}
