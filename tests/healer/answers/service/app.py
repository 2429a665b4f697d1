"""Nights at a small observatory: what can be seen, and how long its telescopes are used."""

from dataclasses import dataclass
from math import cos, pi

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse


class Problem(Exception):
    """Told to the visitor as `{"problem": …}` with the status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


@dataclass(frozen=True)
class Target:
    name: str
    highest: float  # degrees above the horizon
    culminates: int  # the hour it stands there


class Logbook:
    """The minutes of each session, by telescope."""

    def __init__(self) -> None:
        self._minutes: dict[str, list[int]] = {"refractor": [], "dobson": [40, 95, 60]}

    def telescopes(self) -> list[str]:
        return sorted(self._minutes)

    def add(self, telescope: str, minutes: int) -> None:
        self._minutes[telescope].append(minutes)

    def mean_minutes(self, telescope: str) -> float:
        """The mean length of a telescope's sessions."""
        minutes = self._minutes[telescope]
        # Whole tenths are enough for the notice board.
        return round(sum(minutes) / len(minutes), 1)


app = FastAPI()
logbook = Logbook()
CATALOGUE = {
    "saturn": Target("Saturn", 34.5, 23),
    "vega": Target("Vega", 78.0, 21),
    "m31": Target("M31", 80.2, 2),
}


@app.exception_handler(Problem)
async def tell(_: Request, problem: Problem) -> JSONResponse:
    return JSONResponse({"problem": problem.text}, problem.status)


@app.get("/targets")
async def targets() -> list[str]:
    return [target.name for target in CATALOGUE.values()]


@app.get("/targets/{name}/altitude")
async def altitude(name: str, hour: int = 22) -> dict[str, object]:
    """How high a target stands above the horizon, in degrees."""
    # Names are kept in lower case.
    target = CATALOGUE.get(name.strip().lower())

    # A plain cosine is near enough for planning a night.
    away = abs(hour - target.culminates)  # hours from its highest point
    height = target.highest * cos(pi * away / 12)
    return {"target": target.name, "degrees": round(height, 1)}


@app.get("/telescopes/{name}/usage")
async def usage(name: str) -> dict[str, object]:
    """How long a telescope is used at a time."""
    if name not in logbook.telescopes():
        raise Problem(404, f"no telescope called {name}")
    return {"telescope": name, "minutes": logbook.mean_minutes(name)}


@app.post("/telescopes/{name}/sessions/{minutes}")
async def record(name: str, minutes: int) -> dict[str, object]:
    if minutes <= 0:
        raise Problem(422, "a session lasts at least a minute")
    if name not in logbook.telescopes():
        raise Problem(404, f"no telescope called {name}")
    logbook.add(name, minutes)
    return {"telescope": name, "minutes": logbook.mean_minutes(name)}
