"""Electricity meters: readings and the statements made from them."""
from datetime import date
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field

import prices
from meters import Meter, Meters

app = FastAPI(title="meter statements")
meters = Meters()
STATEMENTS: list[dict] = []


class Reading(BaseModel):
    day: date
    kwh: float = Field(ge=0)


def meter_or_404(serial: str) -> Meter:
    meter = meters.find(serial)
    if meter is None:
        raise HTTPException(404, "unknown meter")
    return meter


KnownMeter = Annotated[Meter, Depends(meter_or_404)]


@app.get("/meters/{serial}")
def show(meter: KnownMeter):
    return {"serial": meter.serial, "customer": meter.customer, "readings": len(meter.readings), "billed_until": meter.billed_until}


@app.post("/meters/{serial}/readings", status_code=201)
def read(meter: KnownMeter, body: Reading):
    if meter.readings and (body.day <= meter.readings[-1][0] or body.kwh < meter.readings[-1][1]):
        raise HTTPException(409, "readings only go up")
    meter.readings.append((body.day, body.kwh))
    return {"serial": meter.serial, "readings": len(meter.readings)}


@app.post("/meters/{serial}/statements", status_code=201)
def statement(meter: KnownMeter):
    """Bills what has been used since the last statement.

    A statement is a document the customer pays by, so it carries the price the exchange has published for
    the month of its last reading. Once issued it is not changed.
    """
    used = meter.unbilled()
    if used is None:
        raise HTTPException(409, "nothing to bill")
    until, kwh = used
    cents = prices.source().cents_per_kwh(until.year, until.month)
    issued = {"number": len(STATEMENTS) + 1, "serial": meter.serial, "until": until, "kwh": kwh, "price": cents, "cents": round(kwh * cents)}
    STATEMENTS.append(issued)
    meter.billed_until = until
    return issued


@app.get("/meters/{serial}/statements")
def statements(meter: KnownMeter):
    return [s for s in STATEMENTS if s["serial"] == meter.serial]
