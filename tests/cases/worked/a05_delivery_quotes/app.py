"""What bringing a meal costs: distance, time of day, weight of the bag."""
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="delivery quotes")

RUSH = {"lunch": (11, 14, 150), "dinner": (18, 22, 200)}
FREE_FROM_CENTS = 4000
HEAVY_GRAMS, HEAVY_CENTS = 8000, 250


class Kitchen(BaseModel):
    slug: str
    name: str
    reach_km: float
    per_km: int
    base: int


class Basket(BaseModel):
    kitchen: str
    km: float = Field(ge=0)
    cents: int = Field(ge=1)
    grams: int = Field(1000, ge=1)
    deliver_at: datetime


class Quote(BaseModel):
    kitchen: str
    way: int
    rush: int
    heavy: int
    total: int


KITCHENS = {k.slug: k for k in (
    Kitchen(slug="roma", name="Trattoria Roma", reach_km=5, per_km=60, base=190),
    Kitchen(slug="pho", name="Pho 24", reach_km=8, per_km=45, base=240),
)}
COUNTERS = {"quotes": 0, "refused": 0}


def kitchen_for(basket: Basket) -> Kitchen:
    kitchen = KITCHENS.get(basket.kitchen)
    if kitchen is None:
        raise HTTPException(404, "unknown kitchen")
    if basket.km > kitchen.reach_km:
        COUNTERS["refused"] += 1
        raise HTTPException(409, f"{kitchen.name} delivers up to {kitchen.reach_km:g} km")
    return kitchen


def rush_fee(moment: datetime) -> int:
    """Lunch and dinner are the hours in which couriers are short."""
    for start, end, extra in RUSH.values():
        if moment.hour < start:
            fee = 0
            break
        if moment.hour < end:
            fee = extra
            break
    return fee


def way_fee(kitchen: Kitchen, basket: Basket) -> int:
    """Large orders travel for free; rush and weight are charged all the same."""
    if basket.cents >= FREE_FROM_CENTS:
        return 0
    return kitchen.base + round(kitchen.per_km * basket.km)


@app.get("/kitchens")
def kitchens(km: float = 0):
    return [k for k in KITCHENS.values() if k.reach_km >= km]


@app.get("/rush-hours")
def rush_hours():
    return [{"name": name, "from": start, "to": end, "cents": extra} for name, (start, end, extra) in RUSH.items()]


@app.post("/quotes")
def quote(basket: Basket, kitchen: Annotated[Kitchen, Depends(kitchen_for)]) -> Quote:
    way, rush = way_fee(kitchen, basket), rush_fee(basket.deliver_at)
    heavy = HEAVY_CENTS if basket.grams > HEAVY_GRAMS else 0
    COUNTERS["quotes"] += 1
    return Quote(kitchen=kitchen.slug, way=way, rush=rush, heavy=heavy, total=way + rush + heavy)


@app.get("/counters")
def counters():
    return COUNTERS
