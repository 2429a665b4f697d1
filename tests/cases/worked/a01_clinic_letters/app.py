"""Appointment desk of a small outpatient clinic."""
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Optional

from fastapi import FastAPI, HTTPException
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

app = FastAPI(title="clinic desk")

ROOM_PENDING = "to be announced"


@dataclass
class Room:
    code: str
    label: str


@dataclass
class Clinician:
    id: str
    name: str
    speciality: str


@dataclass
class Appointment:
    id: int
    patient: str
    clinician: Clinician
    at: datetime
    room: Optional[Room] = None
    notes: list[str] = field(default_factory=list)


class Booking(BaseModel):
    patient: str = Field(min_length=2, max_length=80)
    clinician: str
    at: datetime
    room: Optional[str] = None


class Note(BaseModel):
    text: str = Field(min_length=1)


ROOMS = {r.code: r for r in (Room("g1", "Ground floor 1"), Room("g2", "Ground floor 2"), Room("x", "X-ray"))}
CLINICIANS = {c.id: c for c in (Clinician("okafor", "Dr Okafor", "dermatology"), Clinician("lind", "Dr Lind", "orthopaedics"))}
APPOINTMENTS: dict[int, Appointment] = {}
_numbers = count(1)


def appointment_or_404(number: int) -> Appointment:
    found = APPOINTMENTS.get(number)
    if found is None:
        raise HTTPException(404, "no such appointment")
    return found


def room_or_422(code: str) -> Room:
    if code not in ROOMS:
        raise HTTPException(422, "no such room")
    return ROOMS[code]


def row(appointment: Appointment) -> dict:
    return {
        "id": appointment.id,
        "time": appointment.at.strftime("%H:%M"),
        "patient": appointment.patient,
        "clinician": appointment.clinician.name,
        "room": appointment.room.label if appointment.room else ROOM_PENDING,
    }


@app.post("/appointments", status_code=201)
def book(body: Booking):
    """The room may be left open; the desk assigns one on the day."""
    if body.clinician not in CLINICIANS:
        raise HTTPException(422, "no such clinician")
    room = room_or_422(body.room) if body.room is not None else None
    made = Appointment(next(_numbers), body.patient, CLINICIANS[body.clinician], body.at, room)
    APPOINTMENTS[made.id] = made
    return row(made)


@app.put("/appointments/{number}/room/{code}")
def assign_room(number: int, code: str):
    appointment = appointment_or_404(number)
    appointment.room = room_or_422(code)
    return row(appointment)


@app.post("/appointments/{number}/notes", status_code=201)
def add_note(number: int, body: Note):
    appointment = appointment_or_404(number)
    appointment.notes.append(body.text.strip())
    return {"notes": appointment.notes}


@app.get("/day/{day}")
def day_list(day: str):
    todays = [a for a in APPOINTMENTS.values() if a.at.date().isoformat() == day]
    return [row(a) for a in sorted(todays, key=lambda a: (a.at, a.id))]


@app.get("/appointments/{number}/letter", response_class=PlainTextResponse)
def letter(number: int):
    """Confirmation to print and send; the notes appear as a list when there are any."""
    appointment = appointment_or_404(number)
    lines = [
        f"Dear {appointment.patient},",
        "",
        f"you are expected on {appointment.at:%d.%m.%Y at %H:%M}.",
        f"Clinician: {appointment.clinician.name} ({appointment.clinician.speciality})",
        f"Room: {appointment.room.label}",
    ]
    if appointment.notes:
        lines += ["", "Please note:"] + [f"- {text}" for text in appointment.notes]
    return "\n".join(lines) + "\n"
