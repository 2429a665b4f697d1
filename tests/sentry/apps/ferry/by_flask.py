"""The ferry served by Flask."""

import sentry_sdk
from flask import Flask, abort, request

from ferry import sailings

sentry_sdk.init()  # reads SENTRY_DSN; without it nothing is reported
app = Flask(__name__)


@app.get("/sailings/<number>")
def show(number: str):
    sailing = sailings.SAILINGS.get(number)
    if sailing is None:
        abort(404, f"no such sailing: {number}")
    return {"leaves": sailing.leaves, "seats": sailing.seats}


@app.post("/bookings")
def book():
    booking = request.get_json()
    sailing = sailings.SAILINGS.get(booking["sailing"])
    return {"price": sailing.price * len(booking["passengers"])}


@app.get("/fares")
def fare():
    return {"fare": sailings.fare(request.args["line"], request.args.get("kind", "adult"))}


@app.get("/timetable/<day>")
def timetable(day: str):
    return {"leaves": sailings.timetable(day)}


@app.post("/manifests")
def manifest():
    return {"read": sailings.read_manifest(request.get_json())}


@app.post("/crews")
def crew():
    return {"first": sailings.first_rank(request.get_json())}


@app.post("/vehicles")
def vehicle():
    return {"tons": sailings.weigh(request.form["kind"], request.form["metres"])}


@app.post("/warnings/<harbour>")
def warning(harbour: str):
    sailings.warn(harbour)
    return "", 202


@app.get("/weather/<harbour>")
def weather(harbour: str):
    return {"wind": sailings.weather(harbour)}
