"""The ferry served by FastAPI."""

import sentry_sdk
from fastapi import FastAPI, Form, HTTPException
from pydantic import BaseModel

from ferry import sailings

sentry_sdk.init()  # reads SENTRY_DSN; without it nothing is reported
app = FastAPI()


class Booking(BaseModel):
    sailing: str
    passengers: list[str]


@app.get("/sailings/{number}")
def show(number: str):
    sailing = sailings.SAILINGS.get(number)
    if sailing is None:
        raise HTTPException(404, f"no such sailing: {number}")
    return {"leaves": sailing.leaves, "seats": sailing.seats}


@app.post("/waiting-list", status_code=202)
def wait(booking: Booking):
    sailing = sailings.SAILINGS.get(booking.sailing)
    if sailing is None:
        raise HTTPException(404, f"no such sailing: {booking.sailing}")
    return {"waiting": max(len(booking.passengers) - sailing.seats, 0)}


@app.post("/bookings")
def book(booking: Booking):
    sailing = sailings.SAILINGS.get(booking.sailing)
    return {"price": sailing.price * len(booking.passengers)}


@app.get("/fares")
def fare(line: str, kind: str = "adult"):
    return {"fare": sailings.fare(line, kind)}


@app.get("/timetable/{day}")
async def timetable(day: str):
    return {"leaves": sailings.timetable(day)}


@app.post("/manifests")
async def manifest(lines: list[str]):
    return {"read": sailings.read_manifest(lines)}


@app.post("/crews")
def crew(names: list[str]):
    return {"first": sailings.first_rank(names)}


@app.post("/vehicles")
def vehicle(kind: str = Form(), metres: str = Form()):
    return {"tons": sailings.weigh(kind, metres)}


@app.post("/warnings/{harbour}", status_code=202)
def warning(harbour: str):
    sailings.warn(harbour)


@app.get("/weather/{harbour}")
def weather(harbour: str):
    return {"wind": sailings.weather(harbour)}
