"""Greenhouse ledger of a plant nursery: batches, what is lost and what goes out (Starlette)."""
import json
from datetime import date
from itertools import count

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

SPECIES = {"tomato": 55, "basil": 40, "begonia": 90}  # days until they can be sold
_ids = count(1)
BATCHES = {}


class Batch:
    """Plants that were sown together."""

    source = "sown"

    def __init__(self, species, plants, day):
        self.id = next(_ids)
        self.species = species
        self.plants = plants
        self.day = day
        self.lost = 0
        self.sales = []
        self.notes = []

    def left(self):
        return self.plants - self.lost - sum(self.sales)

    def age(self, today):
        return (today - self.day).days

    def ready(self, today):
        return self.age(today) >= SPECIES[self.species]

    def lose(self, number, reason):
        self.lost += number
        self.notes.append(f"{number} lost: {reason or 'no reason given'}")

    def view(self):
        return {"id": self.id, "source": self.source, "species": self.species, "plants": self.plants, "left": self.left(), "since": self.day.isoformat()}


class BoughtIn(Batch):
    """Young plants from a supplier: they come with some days behind them."""

    source = "bought"

    def __init__(self, species, plants, day, supplier, age):
        self.id = next(_ids)
        self.species = species
        self.plants = plants
        self.day = day
        self.supplier = supplier
        self.head_start = age
        self.lost = 0
        self.sales = []

    def age(self, today):
        return super().age(today) + self.head_start

    def view(self):
        return {**super().view(), "supplier": self.supplier}


def whole(body, name, default=None):
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise HTTPException(422, f"{name} must be a whole number")
    return value


async def json_body(request):
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise HTTPException(422, "JSON expected")
    if not isinstance(body, dict):
        raise HTTPException(422, "JSON object expected")
    return body


def day_of(text):
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise HTTPException(422, "day must be a date")


def batch_of(request):
    batch = BATCHES.get(request.path_params["number"])
    if batch is None:
        raise HTTPException(404, "no such batch")
    return batch


async def create(request):
    """A sown batch, or a bought one if there is a supplier."""
    body = await json_body(request)
    species, plants, day = body.get("species"), whole(body, "plants"), day_of(body.get("day"))
    if species not in SPECIES:
        raise HTTPException(422, "unknown species")
    if body.get("supplier"):
        batch = BoughtIn(species, plants, day, body["supplier"], whole(body, "age", 0))
    else:
        batch = Batch(species, plants, day)
    BATCHES[batch.id] = batch
    return JSONResponse(batch.view(), 201)


async def listing(request):
    """?ready_on=DAY: only what can be sold on that day."""
    found = list(BATCHES.values())
    if "ready_on" in request.query_params:
        today = day_of(request.query_params["ready_on"])
        found = [b for b in found if b.ready(today) and b.left() > 0]
    return JSONResponse([b.view() for b in found])


async def show(request):
    """One batch, with what was noted about it."""
    batch = batch_of(request)
    return JSONResponse({**batch.view(), "notes": batch.notes})


async def lose(request):
    batch, body = batch_of(request), await json_body(request)
    number = whole(body, "plants")
    if number > batch.left():
        raise HTTPException(409, "there are not that many left")
    batch.lose(number, str(body.get("reason", "")))
    return JSONResponse(batch.view(), 201)


async def sell(request):
    batch, body = batch_of(request), await json_body(request)
    number = whole(body, "plants")
    if number > batch.left():
        raise HTTPException(409, "there are not that many left")
    batch.sales.append(number)
    return JSONResponse(batch.view(), 201)


async def claims(request):
    """Plants to be claimed back, by supplier."""
    total = {}
    for batch in BATCHES.values():
        if isinstance(batch, BoughtIn) and batch.lost:
            total[batch.supplier] = total.get(batch.supplier, 0) + batch.lost
    return JSONResponse(total)


async def http_error(request, exc):
    return JSONResponse({"error": exc.detail}, exc.status_code)


app = Starlette(
    routes=[
        Route("/batches", create, methods=["POST"]),
        Route("/batches", listing, methods=["GET"]),
        Route("/batches/{number:int}", show),
        Route("/batches/{number:int}/losses", lose, methods=["POST"]),
        Route("/batches/{number:int}/sales", sell, methods=["POST"]),
        Route("/claims", claims),
    ],
    exception_handlers={HTTPException: http_error},
)
