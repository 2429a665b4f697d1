"""The application."""

import selfheal
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from selfheal.hooks.asgi import SelfhealMiddleware

from . import database, reservations, rooms, settings

selfheal.init(entry="bookings.main:app")

app = FastAPI(title="Bookings", debug=settings.load().debug)
app.add_middleware(SelfhealMiddleware)
app.add_middleware(
    CORSMiddleware,
    allow_origins=list(settings.load().allowed_origins),
    allow_methods=["GET", "POST"],
    allow_credentials=False,
)
app.include_router(rooms.router)
app.include_router(reservations.router)


@app.get("/health")
def health() -> dict:
    return {"status": "ok"}


@app.get("/guests")
def guests(name: str = "", page: int = 1) -> dict:
    size = settings.load().page_size
    with database.connection() as db:
        names = sorted(database.guests_named(db, name))
    first = (page - 1) * size
    return {"guests": names[first : first + size], "longest": max(names, key=len)}
