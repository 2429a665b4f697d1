"""Housekeeping of a city hotel: shifts, rooms, calls from guests."""
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Literal, Optional

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="housekeeping")

State = Literal["clean", "dirty", "inspected", "blocked"]


@dataclass(frozen=True)
class Shift:
    """Hours are whole; a shift runs from its first hour up to, not including, its last."""

    name: str
    first: int
    last: int
    lead: str


@dataclass
class Room:
    number: int
    state: str = "clean"
    calls: list[int] = field(default_factory=list)


class GuestCall(BaseModel):
    room: int
    wish: str = Field(min_length=3, max_length=200)
    at: datetime


class StateChange(BaseModel):
    state: State


SHIFTS = (
    Shift("early", 6, 14, "Marta"),
    Shift("late", 14, 22, "Deniz"),
    Shift("night", 22, 6, "Olu"),
)
ROOMS = {n: Room(n) for n in (101, 102, 103, 201, 202)}
CALLS: dict[int, dict] = {}
_numbers = count(1)


def room_or_404(number: int) -> Room:
    if number not in ROOMS:
        raise HTTPException(404, "no such room")
    return ROOMS[number]


def shift_at(moment: datetime) -> Optional[Shift]:
    """The shift on duty at a moment; the house is staffed around the clock."""
    for shift in SHIFTS:
        if shift.first <= moment.hour < shift.last:
            return shift
    return None


@app.get("/shifts")
def shifts():
    return [{"name": s.name, "from": s.first, "to": s.last, "lead": s.lead} for s in SHIFTS]


@app.post("/calls", status_code=201)
def call(body: GuestCall):
    """A wish of a guest goes to the lead of the shift on duty."""
    room = room_or_404(body.room)
    shift = shift_at(body.at)
    number = next(_numbers)
    CALLS[number] = {"call": number, "room": room.number, "wish": body.wish, "shift": shift.name, "lead": shift.lead, "done": False}
    room.calls.append(number)
    return CALLS[number]


@app.post("/calls/{number}/done")
def done(number: int):
    if number not in CALLS:
        raise HTTPException(404, "no such call")
    entry = CALLS[number]
    if entry["done"]:
        raise HTTPException(409, "done already")
    entry["done"] = True
    return entry


@app.get("/calls")
def open_calls(shift: Optional[str] = None):
    if shift is not None and shift not in {s.name for s in SHIFTS}:
        raise HTTPException(422, "no such shift")
    return [c for c in CALLS.values() if not c["done"] and shift in (None, c["shift"])]


@app.put("/rooms/{number}/state")
def set_state(number: int, body: StateChange):
    """A room can be inspected once it is clean."""
    room = room_or_404(number)
    if body.state == "inspected" and room.state != "clean":
        raise HTTPException(409, "room is not clean")
    room.state = body.state
    return {"room": room.number, "state": room.state}


@app.get("/rooms/{number}")
def show(number: int):
    room = room_or_404(number)
    return {"room": room.number, "state": room.state, "open_calls": [n for n in room.calls if not CALLS[n]["done"]]}
