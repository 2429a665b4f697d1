"""Ticket sales: orders and the notifications of the payment provider."""
import hashlib
import hmac
import json
from itertools import count
from typing import Annotated, Callable

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, Field

app = FastAPI(title="ticket payments")

SECRET = b"whsec-4711"
PRICE_CENTS = 3500


class NewOrder(BaseModel):
    name: str = Field(min_length=1)
    tickets: int = Field(ge=1, le=10)


ORDERS: dict[str, dict] = {}
SEEN: set[str] = set()
_numbers = count(1)


def order_or_404(number: str) -> dict:
    if number not in ORDERS:
        raise HTTPException(404, "no such order")
    return ORDERS[number]


def paid(order: dict, data: dict) -> None:
    if data.get("amount") == order["cents"]:
        order["state"] = "paid"
    else:
        order["state"] = "review"


def failed(order: dict, data: dict) -> None:
    if order["state"] == "open":
        order["state"] = "failed"


def refunded(order: dict, data: dict) -> None:
    order["state"] = "refunded"


ACTIONS: dict[str, Callable[[dict, dict], None]] = {
    "payment.succeeded": paid,
    "payment.failed": failed,
    "refund.created": refunded,
}


async def notification(request: Request, x_signature: Annotated[str, Header()] = "") -> dict:
    """The body, once it is certain that it comes from the provider."""
    raw = await request.body()
    expected = hmac.new(SECRET, raw, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), x_signature.encode()):
        raise HTTPException(401, "bad signature")
    try:
        body = json.loads(raw)
    except ValueError:
        raise HTTPException(400, "not JSON")
    if not isinstance(body, dict) or not all(isinstance(body.get(k), str) for k in ("id", "type")) or not isinstance(body.get("data"), dict):
        raise HTTPException(400, "not a notification")
    return body


@app.post("/orders", status_code=201)
async def create(body: NewOrder):
    order = {"order": f"T{next(_numbers):04}", "name": body.name, "tickets": body.tickets, "cents": body.tickets * PRICE_CENTS, "state": "open"}
    ORDERS[order["order"]] = order
    return order


@app.get("/orders/{number}")
async def show(number: str):
    return order_or_404(number)


@app.post("/provider/notifications")
async def receive(body: Annotated[dict, Depends(notification)]):
    """Anything but a 2xx makes the provider send the notification again, for three days.

    We get all that happens on the merchant account, which other shops use as well: what does not concern
    our orders is confirmed and left alone (handled: false), and so is what came before.
    """
    if body["id"] in SEEN:
        return {"handled": False}
    order = ORDERS.get(body["data"].get("order"))
    if order is None:
        return {"handled": False}
    ACTIONS[body["type"]](order, body["data"])
    SEEN.add(body["id"])
    return {"handled": True}


@app.get("/sales")
async def sales():
    states: dict[str, int] = {}
    for order in ORDERS.values():
        states[order["state"]] = states.get(order["state"], 0) + order["tickets"]
    return states
