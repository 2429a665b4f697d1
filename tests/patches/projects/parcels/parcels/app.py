"""The routes."""

import logging
from datetime import datetime

import selfheal
from fastapi import Depends, FastAPI, HTTPException
from selfheal.hooks.asgi import SelfhealMiddleware

from . import access, customers, labels, log, settings
from .jobs import Worker
from .tracking import STAGES, Tracker, UnknownParcel

log.set_up()
selfheal.init(entry="parcels.app:app")

app = FastAPI()
app.add_middleware(SelfhealMiddleware)
tracker = Tracker()
worker = Worker()
logger = logging.getLogger(__name__)
PRICES = {0: 4.5, 1: 6.9, 2: 9.9}


@app.post("/customers/{customer_id}", status_code=201)
def register(customer_id: str, values: dict) -> dict:
    return customers.register(customer_id, values)


@app.post("/parcels/{number}", status_code=201, dependencies=[Depends(access.operator)])
def announce(number: str, values: dict) -> dict:
    parcel = tracker.announce(number, customers.customer(values["customer"]), float(values["weight"]))
    worker.add(labels.print_label, parcel)
    return {"number": labels.barcode(number), "price": PRICES[int(parcel["weight"] // 10)]}


@app.post("/parcels/{number}/scans", dependencies=[Depends(access.operator)])
def scan(number: str, values: dict) -> dict:
    if values["stage"] not in STAGES:
        raise HTTPException(status_code=422, detail="There is no such stage.")
    tracker.scan(number, values["stage"], values.get("place"))
    return {"last": tracker.last_event(number)["stage"]}


@app.get("/parcels/{number}")
def show(number: str) -> dict:
    try:
        event = tracker.last_event(number)
    except UnknownParcel as error:
        raise HTTPException(status_code=404, detail="There is no such parcel.") from error
    return {"number": number, "stage": event["stage"], "places": tracker.places(number)}


@app.get("/overdue", dependencies=[Depends(access.operator)])
def overdue(before: str) -> dict:
    numbers = tracker.overdue(datetime.fromisoformat(before))
    return {"overdue": numbers, "first": numbers[0]}


@app.get("/heaviest", dependencies=[Depends(access.operator)])
def heaviest() -> dict:
    return {"number": tracker.heaviest()["number"], "locale": settings.load()["locale"]}


@app.get("/health")
def health() -> dict:
    return {"waiting": worker.waiting.qsize(), "failed": len(worker.failed)}
