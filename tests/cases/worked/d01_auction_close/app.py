"""Live sale: catalogue, bids and the hammer."""
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

import bidding
import store

app = FastAPI(title="saleroom")


class BidIn(BaseModel):
    bidder: str = Field(min_length=1, max_length=40)
    amount: int = Field(gt=0)


@app.exception_handler(bidding.NotNow)
def not_now(request: Request, exc: bidding.NotNow):
    return JSONResponse({"detail": str(exc)}, status_code=409)


@app.exception_handler(bidding.TooLow)
def too_low(request: Request, exc: bidding.TooLow):
    return JSONResponse({"detail": str(exc)}, status_code=422)


def lot_or_404(number: int) -> store.Lot:
    lot = store.find(number)
    if lot is None:
        raise HTTPException(404, "no such lot")
    return lot


def view(lot: store.Lot) -> dict:
    lead = bidding.leading(lot)
    return {
        "lot": lot.number,
        "title": lot.title,
        "state": lot.state,
        "leading": lead.amount if lead else None,
        "reserve_met": lead is not None and bidding.shortfall(lot, lead) == 0,
        "buyer": lot.buyer,
        "price": lot.price,
    }


@app.get("/lots")
def catalogue(state: str = ""):
    return [view(lot) for lot in store.LOTS.values() if state in ("", lot.state)]


@app.get("/lots/{number}")
def show(number: int):
    return view(lot_or_404(number))


@app.post("/lots/{number}/bids", status_code=201)
def bid(number: int, body: BidIn):
    lot = lot_or_404(number)
    placed = bidding.place(lot, body.bidder, body.amount)
    return {"bidder": placed.bidder, "amount": placed.amount, "next": bidding.minimum(lot)}


@app.post("/lots/{number}/hammer")
def hammer(number: int):
    lot = lot_or_404(number)
    bidding.hammer(lot)
    return view(lot)


@app.post("/lots/{number}/withdraw")
def withdraw(number: int):
    lot = lot_or_404(number)
    bidding.withdraw(lot)
    return view(lot)


@app.get("/takings")
def takings():
    """What the sale has brought in so far."""
    sold = [lot for lot in store.LOTS.values() if lot.state == "sold"]
    return {"lots": len(sold), "total": sum(lot.price for lot in sold)}
