"""Orders for a group of delivery kitchens."""
from fastapi import APIRouter, FastAPI, HTTPException
from pydantic import BaseModel, Field

import pricing
from history import History
from menu import Line, Menu, OffMenu

app = FastAPI(title="delivery orders")
baskets = APIRouter(prefix="/baskets/{guest}", tags=["baskets"])
menu = Menu()
history = History()
BASKETS: dict[str, list[Line]] = {}


class Item(BaseModel):
    dish: str
    qty: int = Field(1, ge=1, le=20)


class NewPrice(BaseModel):
    cents: int = Field(ge=50)


def view(guest: str) -> dict:
    lines = BASKETS.get(guest, [])
    return {
        "guest": guest,
        "lines": [{"dish": l.dish, "qty": l.qty, "cents": l.cents} for l in lines],
        "delivery": pricing.delivery(lines),
        "total": pricing.total(lines),
    }


@baskets.get("")
def basket(guest: str):
    return view(guest)


@baskets.post("/items", status_code=201)
def add(guest: str, item: Item):
    try:
        line = menu.line(item.dish, item.qty)
    except OffMenu:
        raise HTTPException(422, f"{item.dish} is not on the menu")
    BASKETS.setdefault(guest, []).append(line)
    return view(guest)


@baskets.post("/checkout", status_code=201)
def checkout(guest: str):
    lines = BASKETS.get(guest)
    if not lines:
        raise HTTPException(409, "the basket is empty")
    order = history.keep(guest, lines, pricing.total(lines))
    del BASKETS[guest]
    return order


@baskets.post("/reorder/{number}", status_code=201)
def reorder(guest: str, number: int):
    """Fills an empty basket as in an earlier order, at today's prices.

    Dishes that have gone from the menu are left out and named in `dropped`.
    """
    order = history.find(guest, number)
    if order is None:
        raise HTTPException(404, "no such order")
    if BASKETS.get(guest):
        raise HTTPException(409, "the basket is not empty")
    BASKETS[guest] = [l for l in order["lines"] if l["dish"] in menu]
    dropped = [l["dish"] for l in order["lines"] if l["dish"] not in menu]
    return {**view(guest), "dropped": dropped}


app.include_router(baskets)


@app.get("/guests/{guest}/orders")
def orders(guest: str):
    return history.of(guest)


@app.put("/menu/{dish}")
def set_price(dish: str, body: NewPrice):
    menu.set(dish, body.cents)
    return {"dish": dish, "cents": body.cents}


@app.delete("/menu/{dish}", status_code=204)
def take_off(dish: str):
    if dish not in menu:
        raise HTTPException(404, "no such dish")
    menu.remove(dish)
