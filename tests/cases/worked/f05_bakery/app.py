"""Orders for the bakery: collected in the shop or brought by bike."""
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Literal

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="bakery")

PRICES = {"rye": Decimal("4.20"), "baguette": Decimal("1.90"), "croissant": Decimal("1.45"), "tart": Decimal("24.00")}
FEE_PER_KM = Decimal("0.80")
FREE_FROM = Decimal("40.00")
MAX_KM = 12
CENT = Decimal("0.01")

_numbers = count(1)
ORDERS: dict[int, dict] = {}


class Item(BaseModel):
    product: str
    qty: int = Field(1, ge=1, le=200)


class Delivery(BaseModel):
    street: str = Field(min_length=3)
    km: int | float = Field(gt=0)


class NewOrder(BaseModel):
    customer: str = Field(min_length=1)
    items: list[Item] = Field(min_length=1)
    delivery: Delivery | None = None


def order_or_404(number: int) -> dict:
    if number not in ORDERS:
        raise HTTPException(404, "no such order")
    return ORDERS[number]


def goods_value(items: list[Item]) -> Decimal:
    total = Decimal("0")
    for item in items:
        if item.product not in PRICES:
            raise HTTPException(422, f"we do not bake {item.product}")
        total += PRICES[item.product] * item.qty
    return total


def delivery_fee(delivery: Delivery | None, goods: Decimal) -> Decimal:
    """By distance, to the cent; nothing for large orders."""
    if delivery is None or goods >= FREE_FROM:
        return Decimal("0.00")
    if delivery.km > MAX_KM:
        raise HTTPException(422, f"we deliver within {MAX_KM} km")
    return (FEE_PER_KM * delivery.km).quantize(CENT, ROUND_HALF_UP)


@app.get("/prices")
def prices() -> dict[str, str]:
    return {name: str(price) for name, price in PRICES.items()}


@app.post("/orders", status_code=201)
def create(body: NewOrder):
    goods = goods_value(body.items)
    fee = delivery_fee(body.delivery, goods)
    order = {
        "number": next(_numbers),
        "customer": body.customer,
        "goods": str(goods),
        "fee": str(fee),
        "total": str(goods + fee),
        "state": "new",
    }
    ORDERS[order["number"]] = order
    return order


@app.get("/orders/{number}")
def show(number: int):
    return order_or_404(number)


@app.put("/orders/{number}/state/{state}")
def move(number: int, state: Literal["new", "baked", "gone"]):
    order = order_or_404(number)
    if order["state"] == "gone":
        raise HTTPException(409, "order has left the shop")
    order["state"] = state
    return order
