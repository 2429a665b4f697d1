"""Readings of the valley's weather stations.

What does not exist or was never measured answers 404, with a detail that says which.
"""
from __future__ import annotations

from dataclasses import asdict, dataclass

from flask import Flask, abort, jsonify, request
from werkzeug.exceptions import HTTPException

app = Flask(__name__)

QUANTITIES = {"temperature": "°C", "humidity": "%", "wind": "m/s", "rain": "mm"}


@dataclass(frozen=True)
class Reading:
    at: str
    quantity: str
    value: float


class Station:
    def __init__(self, code: str, altitude: int):
        self.code, self.altitude = code, altitude
        self.readings: list[Reading] = []

    def add(self, reading: Reading) -> None:
        self.readings.append(reading)
        self.readings.sort(key=lambda r: r.at)

    def of(self, quantity: str) -> list[Reading]:
        return [r for r in self.readings if r.quantity == quantity]

    def latest(self, quantity: str) -> Reading | None:
        return next(iter(reversed(self.of(quantity))), None)


STATIONS = {s.code: s for s in (Station("valley", 420), Station("pass", 1930), Station("summit", 2811))}


@app.errorhandler(HTTPException)
def problem(error):
    return jsonify(detail=error.description), error.code


def station(code: str) -> Station:
    if code not in STATIONS:
        abort(404, f"no station {code}")
    return STATIONS[code]


def quantity_arg() -> str:
    quantity = request.args.get("quantity", "temperature")
    if quantity not in QUANTITIES:
        abort(400, f"quantity must be one of {', '.join(QUANTITIES)}")
    return quantity


def compare(first: Reading, second: Reading, metres: int) -> dict[str, float]:
    gap = round(first.value - second.value, 2)
    return {"difference": gap, "per_100m": round(gap / metres * 100, 3)}


@app.get("/stations")
def index():
    return jsonify([{"code": s.code, "altitude": s.altitude, "readings": len(s.readings)} for s in STATIONS.values()])


@app.post("/stations/<code>/readings")
def record(code):
    where = station(code)
    data = request.get_json(silent=True)
    if not isinstance(data, dict) or data.get("quantity") not in QUANTITIES or not isinstance(data.get("at"), str):
        abort(400, "a reading needs at, quantity and value")
    value = data.get("value")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        abort(400, "value must be a number")
    reading = Reading(data["at"], data["quantity"], float(value))
    where.add(reading)
    return jsonify(asdict(reading)), 201


@app.get("/stations/<code>/latest")
def latest(code):
    where, quantity = station(code), quantity_arg()
    reading = where.latest(quantity)
    if reading is None:
        abort(404, f"{code} has no {quantity}")
    return jsonify(asdict(reading) | {"unit": QUANTITIES[quantity]})


@app.get("/stations/<code>/range")
def extremes(code):
    where, quantity = station(code), quantity_arg()
    values = [r.value for r in where.of(quantity)]
    if not values:
        abort(404, f"{code} has no {quantity}")
    return jsonify(low=min(values), high=max(values), readings=len(values))


@app.get("/difference")
def difference():
    """How much more the first of two stations measured last, also per 100 m of altitude between them."""
    quantity = quantity_arg()
    upper, lower = station(request.args.get("a", "")), station(request.args.get("b", ""))
    if upper is lower:
        abort(400, "a and b must be different stations")
    first, second = upper.latest(quantity), lower.latest(quantity)
    return jsonify(compare(first, second, upper.altitude - lower.altitude) | {"unit": QUANTITIES[quantity]})
