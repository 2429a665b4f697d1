"""Box office: tiers of an event, orders, waiting list."""
from collections import Counter
from dataclasses import dataclass, field
from itertools import count

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

app = FastAPI(title="box office")


class ApiError(Exception):
    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@app.exception_handler(ApiError)
async def api_error(request: Request, error: ApiError):
    return JSONResponse({"error": {"code": error.code, "message": error.message}}, status_code=error.status)


@dataclass
class Tier:
    cents: int
    left: int


@dataclass
class Event:
    slug: str
    title: str
    tiers: dict[str, Tier]
    waiting: list[tuple[str, str]] = field(default_factory=list)


class Line(BaseModel):
    tier: str
    qty: int = Field(ge=1, le=8)


class NewOrder(BaseModel):
    email: str
    lines: list[Line] = Field(min_length=1)


class Waiting(BaseModel):
    email: str
    tier: str


EVENTS = {
    "gala": Event("gala", "Winter gala", {"stalls": Tier(4500, 40), "balcony": Tier(2500, 6), "box": Tier(12000, 1)}),
    "slam": Event("slam", "Poetry slam", {"floor": Tier(900, 100)}),
}
ORDERS: dict[int, dict] = {}
_numbers = count(1)


def event_named(slug: str) -> Event:
    if slug not in EVENTS:
        raise ApiError(404, "unknown_event", f"no event {slug}")
    return EVENTS[slug]


@app.get("/events/{slug}")
def show(slug: str):
    event = event_named(slug)
    return {"title": event.title, "tiers": {name: {"cents": t.cents, "left": t.left} for name, t in event.tiers.items()}}


@app.post("/events/{slug}/orders", status_code=201)
def order(slug: str, body: NewOrder):
    """All lines or nothing: seats are taken only when every line can be met."""
    event = event_named(slug)
    wanted = Counter()
    for line in body.lines:
        wanted[line.tier] += line.qty
    cents = 0
    for name, qty in wanted.items():
        tier = event.tiers[name]
        if tier.left < qty:
            raise ApiError(409, "sold_out", f"only {tier.left} left in {name}")
        cents += tier.cents * qty
    for name, qty in wanted.items():
        event.tiers[name].left -= qty
    number = next(_numbers)
    ORDERS[number] = {"order": number, "event": slug, "email": body.email, "seats": dict(wanted), "cents": cents}
    return ORDERS[number]


@app.delete("/orders/{number}")
def cancel(number: int):
    """Gives the seats back and says who is next on the waiting list for them."""
    if number not in ORDERS:
        raise ApiError(404, "unknown_order", f"no order {number}")
    gone = ORDERS.pop(number)
    event = EVENTS[gone["event"]]
    for name, qty in gone["seats"].items():
        event.tiers[name].left += qty
    return {"cancelled": number, "next": [email for email, name in event.waiting if name in gone["seats"]]}


@app.post("/events/{slug}/waiting", status_code=201)
def wait(slug: str, body: Waiting):
    event = event_named(slug)
    if body.tier not in event.tiers:
        raise ApiError(422, "unknown_tier", f"{slug} has no tier {body.tier}")
    if event.tiers[body.tier].left:
        raise ApiError(409, "not_sold_out", "there are seats left")
    event.waiting.append((body.email, body.tier))
    return {"position": sum(name == body.tier for _, name in event.waiting)}
