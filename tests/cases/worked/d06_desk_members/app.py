"""Coworking house: members, desks, bookings.

    uvicorn app:app

HOUSE_DB is the SQLAlchemy URL of the database; without it an in-memory one is used, filled with the desks below.
"""
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from house import bookings, desks, members
from house.db import Base, Session, engine
from house.errors import HouseError
from house.models import Desk

FLOOR_PLAN = [
    # code, room, has a monitor
    ("A1", "atrium", False),
    ("A2", "atrium", True),
    ("L1", "library", False),
    ("L2", "library", True),
    ("S1", "studio", True),
]


def prepare() -> None:
    Base.metadata.create_all(engine)
    with Session() as db:
        if db.query(Desk).count() == 0:
            db.add_all(Desk(code=code, room=room, monitor=monitor) for code, room, monitor in FLOOR_PLAN)
            db.commit()


prepare()
app = FastAPI(title="coworking house")
app.include_router(members.router)
app.include_router(desks.router)
app.include_router(bookings.router)


@app.exception_handler(HouseError)
def house_error(request: Request, exc: HouseError):
    return JSONResponse({"error": exc.code, "message": exc.message}, status_code=exc.status)


@app.exception_handler(RequestValidationError)
def invalid(request: Request, exc: RequestValidationError):
    first = exc.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return JSONResponse({"error": "invalid", "message": f"{where}: {first['msg']}"}, status_code=422)


@app.get("/healthz")
def health():
    with Session() as db:
        return {"ok": True, "desks": db.query(Desk).count()}


@app.get("/")
def root():
    return {"service": "coworking house", "docs": "/docs"}
