"""Film festival programme: films, halls and screenings."""
import re
from itertools import count
from typing import Optional

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, Field

app = FastAPI(title="festival programme")

HALLS = {"Rex": 220, "Atrium": 90, "Old Mill": 60}
FILMS = {
    "the-weir": {"title": "The Weir", "minutes": 97},
    "salt": {"title": "Salt", "minutes": 64},
    "nine-letters": {"title": "Nine Letters", "minutes": 121},
}
SCREENINGS: dict[int, dict] = {}
_ids = count(1)
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class NewScreening(BaseModel):
    film: str
    day: int = Field(ge=1, le=9, description="day of the festival")
    slot: str = Field(description="hall and time, as printed: 'Rex 19:30'")


class Sale(BaseModel):
    seats: int = Field(ge=1, le=10)


def minute_of(clock: str) -> int:
    found = CLOCK.fullmatch(clock)
    if found is None:
        raise HTTPException(422, "time must look like 19:30")
    return int(found[1]) * 60 + int(found[2])


def place(slot: str) -> tuple[str, int]:
    """Hall and minute of the day of a printed slot."""
    hall, clock = slot.split()
    if hall not in HALLS:
        raise HTTPException(422, "no such hall")
    return hall, minute_of(clock)


def public(s: dict) -> dict:
    start = f"{s['start'] // 60:02d}:{s['start'] % 60:02d}"
    return {"id": s["id"], "film": FILMS[s["film"]]["title"], "day": s["day"], "hall": s["hall"], "start": start, "left": HALLS[s["hall"]] - s["sold"]}


@app.get("/halls")
def halls():
    return HALLS


@app.post("/screenings", status_code=201)
def schedule(body: NewScreening):
    if body.film not in FILMS:
        raise HTTPException(422, "no such film")
    hall, start = place(body.slot)
    end = start + FILMS[body.film]["minutes"]
    for other in SCREENINGS.values():
        if (other["hall"], other["day"]) == (hall, body.day) and start < other["end"] and other["start"] < end:
            raise HTTPException(409, "hall is taken")
    screening = {"id": next(_ids), "film": body.film, "day": body.day, "hall": hall, "start": start, "end": end, "sold": 0}
    SCREENINGS[screening["id"]] = screening
    return public(screening)


@app.get("/screenings")
def programme(day: Optional[int] = Query(None, ge=1, le=9), hall: Optional[str] = None):
    rows = [s for s in SCREENINGS.values() if day in (None, s["day"]) and hall in (None, s["hall"])]
    return [public(s) for s in sorted(rows, key=lambda s: (s["day"], s["start"], s["hall"]))]


@app.post("/screenings/{number}/tickets")
def sell(number: int, body: Sale):
    if number not in SCREENINGS:
        raise HTTPException(404, "no such screening")
    screening = SCREENINGS[number]
    if screening["sold"] + body.seats > HALLS[screening["hall"]]:
        raise HTTPException(409, "sold out")
    screening["sold"] += body.seats
    return public(screening)
