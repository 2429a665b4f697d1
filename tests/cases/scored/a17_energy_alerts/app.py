"""Load of the feeders of an industrial estate, with alerts."""
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Literal, Optional

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

app = FastAPI(title="feeder load")

FEEDERS = {"north": 400.0, "south": 250.0, "quay": 630.0}


class Refusal(Exception):
    def __init__(self, status: int, text: str):
        self.status, self.text = status, text


@app.exception_handler(Refusal)
async def refusal(request: Request, error: Refusal):
    return JSONResponse({"refused": error.text}, status_code=error.status)


@dataclass
class Alert:
    id: int
    feeder: str
    above: float
    phone: str
    mode: str
    fired: int = 0


class Load(BaseModel):
    at: datetime
    kw: float = Field(ge=0)


class NewAlert(BaseModel):
    feeder: str
    above: float = Field(gt=0)
    phone: str = Field(pattern=r"^\+\d{6,15}$")
    mode: Literal["always", "once"] = "always"


LOADS: dict[str, list[Load]] = {name: [] for name in FEEDERS}
ALERTS: dict[int, Alert] = {}
OUTBOX: list[dict] = []
_ids = count(1)


def known(feeder: str) -> str:
    if feeder not in FEEDERS:
        raise Refusal(404, "no such feeder")
    return feeder


def notify(feeder: str, load: Load) -> list[int]:
    """Texts everybody whose limit has been passed; an alert for once is spent by that."""
    fired = []
    for number, alert in ALERTS.items():
        if alert.feeder != feeder or load.kw <= alert.above:
            continue
        OUTBOX.append({"to": alert.phone, "text": f"{feeder}: {load.kw:g} kW"})
        alert.fired += 1
        fired.append(number)
        if alert.mode == "once":
            del ALERTS[number]
    return fired


@app.post("/feeders/{feeder}/loads", status_code=201)
def add_load(feeder: str, body: Load):
    loads = LOADS[known(feeder)]
    if loads and body.at <= loads[-1].at:
        raise Refusal(409, "loads come in order")
    loads.append(body)
    return {"feeder": feeder, "loads": len(loads), "alerts": notify(feeder, body)}


@app.get("/feeders/{feeder}/peak")
def peak(feeder: str, hours: Optional[int] = None):
    """Highest load, of the last so many hours if given, and how much of the rating it is."""
    loads = LOADS[known(feeder)]
    if hours is not None and loads:
        loads = [l for l in loads if l.at > loads[-1].at - timedelta(hours=hours)]
    top = max((l.kw for l in loads), default=0.0)
    return {"feeder": feeder, "kw": top, "percent": round(100 * top / FEEDERS[feeder])}


@app.post("/alerts", status_code=201)
def add_alert(body: NewAlert):
    known(body.feeder)
    alert = Alert(next(_ids), **body.model_dump())
    ALERTS[alert.id] = alert
    return alert


@app.get("/alerts")
def alerts(feeder: Optional[str] = None):
    return [a for a in ALERTS.values() if feeder in (None, a.feeder)]


@app.delete("/alerts/{number}", status_code=204)
def remove_alert(number: int):
    if ALERTS.pop(number, None) is None:
        raise Refusal(404, "no such alert")


@app.get("/outbox")
def outbox():
    return OUTBOX
