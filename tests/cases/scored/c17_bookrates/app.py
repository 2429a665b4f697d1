"""Historical exchange rates, as the bookkeeping needs them."""
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from history import History, NoRate, UnknownCurrency, seed

app = FastAPI(title="rates")
history: History = seed()


class NewRate(BaseModel):
    day: date
    rate: Decimal = Field(gt=0, max_digits=12, decimal_places=6)


class Invoice(BaseModel):
    number: str = Field(min_length=1)
    day: date
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    amount: Decimal = Field(gt=0, max_digits=14, decimal_places=2)


class Batch(BaseModel):
    invoices: list[Invoice] = Field(min_length=1, max_length=500)


@app.exception_handler(UnknownCurrency)
@app.exception_handler(NoRate)
async def not_found(request: Request, exc: LookupError):
    return JSONResponse({"detail": exc.args[0]}, status_code=404)


def euros(amount: Decimal, rate: Decimal) -> str:
    return str((amount / rate).quantize(Decimal("0.01"), ROUND_HALF_UP))


@app.get("/currencies")
async def currencies():
    return await history.currencies()


@app.get("/rates/{currency}")
async def rates(currency: str, first: date | None = None, last: date | None = None):
    """The published rates of a period; an empty list if there were none."""
    entries = await history.between(currency.upper(), first or date.min, last or date.max)
    return [{"day": e.day, "rate": str(e.rate)} for e in entries]


@app.post("/rates/{currency}", status_code=201)
async def publish(currency: str, new: NewRate):
    entry = await history.add(currency.upper(), new.day, new.rate)
    return {"day": entry.day, "rate": str(entry.rate)}


@app.get("/rates/{currency}/latest")
async def latest(currency: str):
    entry = await history.latest(currency.upper())
    return {"day": entry.day, "rate": str(entry.rate)}


@app.get("/rates/{currency}/on/{day}")
async def on(currency: str, day: date):
    entry = await history.valid_on(currency.upper(), day)
    return {"day": entry.day, "rate": str(entry.rate)}


@app.get("/convert")
async def convert(currency: str, day: date, amount: Decimal = Query(gt=0, le=10**12)):
    entry = await history.valid_on(currency.upper(), day)
    return {"eur": euros(amount, entry.rate), "rate_of": entry.day}


@app.post("/invoices/convert")
async def convert_invoices(batch: Batch):
    """Converts what can be converted; invoices without a rate are listed with the reason."""
    done, open_ = [], []
    for invoice in batch.invoices:
        try:
            entry = await history.valid_on(invoice.currency, invoice.day)
        except LookupError as error:
            open_.append({"number": invoice.number, "reason": error.args[0]})
            continue
        done.append({"number": invoice.number, "eur": euros(invoice.amount, entry.rate), "rate_of": entry.day})
    return {"converted": done, "open": open_}
