"""Collects what the on-board units of the delivery vans send in."""
from datetime import datetime, timezone
from typing import TypedDict

from fastapi import FastAPI, HTTPException, Request

app = FastAPI(title="van telemetry")

FIELDS = ("van", "time", "lat", "lon", "odometer")
VANS = {"KA-101", "KA-102", "KA-230"}


class Point(TypedDict):
    van: str
    time: datetime
    lat: float
    lon: float
    odometer: int


TRACKS: dict[str, list[Point]] = {van: [] for van in sorted(VANS)}


class BadLine(Exception):
    """A line that is of no use; the text says why."""


def coordinate(text: str, limit: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise BadLine("coordinate is not a number")
    if not -limit <= value <= limit:
        raise BadLine("coordinate out of range")
    return value


def moment(text: str) -> datetime:
    try:
        value = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise BadLine("time is not UTC in ISO form")
    return value.replace(tzinfo=timezone.utc)


def parse(line: str) -> Point:
    """van;time;lat;lon;odometer, the last in whole kilometres."""
    parts = [p.strip() for p in line.split(";")]
    if len(parts) != len(FIELDS):
        raise BadLine(f"expected {len(FIELDS)} fields")
    van, time, lat, lon, odometer = parts
    if van not in VANS:
        raise BadLine("unknown van")
    kilometres = int(odometer)
    if kilometres < 0:
        raise BadLine("odometer is negative")
    return Point(van=van, time=moment(time), lat=coordinate(lat, 90), lon=coordinate(lon, 180), odometer=kilometres)


def track_of(van: str) -> list[Point]:
    if van not in TRACKS:
        raise HTTPException(404, "unknown van")
    return TRACKS[van]


@app.post("/ingest", status_code=202)
async def ingest(request: Request):
    """A batch, one point per line.

    The units never send a batch twice, so a line that cannot be read must not hold up the others: it is
    reported back with its number (from 1) and the reason. Blank lines do not matter.
    """
    try:
        text = (await request.body()).decode("utf-8")
    except UnicodeDecodeError:
        raise HTTPException(400, "batch is not UTF-8")
    accepted, rejected = 0, []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            point = parse(line)
        except BadLine as why:
            rejected.append({"line": number, "reason": str(why)})
            continue
        TRACKS[point["van"]].append(point)
        accepted += 1
    return {"accepted": accepted, "rejected": rejected}


@app.get("/vans/{van}/track")
def track(van: str):
    return sorted(track_of(van), key=lambda p: p["time"])


@app.get("/vans/{van}/distance")
def distance(van: str):
    readings = [p["odometer"] for p in track_of(van)]
    return {"van": van, "kilometres": max(readings) - min(readings) if readings else 0}


@app.get("/vans")
def vans():
    return [{"van": van, "points": len(points)} for van, points in TRACKS.items()]
