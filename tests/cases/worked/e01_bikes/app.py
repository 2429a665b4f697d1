"""Bike rental: where the bikes stand, who has them, which ones the workshop should see."""
from dataclasses import dataclass
from typing import Optional

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="bike rental")

SERVICE_KM = 500


@dataclass
class Station:
    code: str
    name: str


@dataclass
class Bike:
    number: int
    model: str
    station: Optional[Station]
    km: int = 0
    rented_by: Optional[str] = None


STATIONS = {s.code: s for s in (Station("N", "North Gate"), Station("H", "Harbour"), Station("M", "Museum"))}
BIKES: dict[int, Bike] = {}


def reset():
    BIKES.clear()
    for number, model, code, km in ((1, "city", "N", 120), (2, "city", "H", 480), (3, "cargo", "H", 730), (4, "kids", "M", 15)):
        BIKES[number] = Bike(number, model, STATIONS[code], km)


reset()


class Rent(BaseModel):
    customer: str = Field(min_length=1)


class Return(BaseModel):
    station: str
    km: int = Field(ge=0)


def bike_or_404(number: int) -> Bike:
    if number not in BIKES:
        raise HTTPException(404, "no such bike")
    return BIKES[number]


@app.get("/bikes")
def bikes(model: Optional[str] = None):
    """The whole fleet; a bike that is out has no station."""
    return [
        {"number": b.number, "model": b.model, "station": b.station.name if b.station else None, "free": b.rented_by is None}
        for b in BIKES.values()
        if model in (None, b.model)
    ]


@app.get("/stations/{code}")
def station(code: str):
    if code not in STATIONS:
        raise HTTPException(404, "no such station")
    here = [b.number for b in BIKES.values() if b.station and b.station.code == code]
    return {"name": STATIONS[code].name, "bikes": here}


@app.post("/bikes/{number}/rent")
def rent(number: int, body: Rent):
    bike = bike_or_404(number)
    if bike.rented_by is not None:
        raise HTTPException(409, "bike is out")
    bike.rented_by, bike.station = body.customer, None
    return {"number": number, "customer": body.customer}


@app.post("/bikes/{number}/return")
def give_back(number: int, body: Return):
    bike = bike_or_404(number)
    if bike.rented_by is None:
        raise HTTPException(409, "bike is not out")
    if body.station not in STATIONS:
        raise HTTPException(422, "no such station")
    bike.station, bike.rented_by = STATIONS[body.station], None
    bike.km += body.km
    return {"number": number, "km": bike.km, "station": bike.station.name}


@app.get("/workshop")
def workshop():
    """Every bike that is due for service, most kilometres first, also those that are out."""
    due = sorted((b for b in BIKES.values() if b.km >= SERVICE_KM), key=lambda b: -b.km)
    return [{"number": b.number, "km": b.km, "station": b.station.name, "free": b.rented_by is None} for b in due]
