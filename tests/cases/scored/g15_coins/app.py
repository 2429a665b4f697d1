"""Coin collections in albums."""
from collections import Counter
from enum import Enum
from itertools import count
from typing import Annotated, Optional

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="coin albums")


class Grade(str, Enum):
    fine = "fine"
    very_fine = "very fine"
    mint = "mint"


class NewCoin(BaseModel):
    title: str = Field(min_length=1)
    country: str = Field(min_length=2, max_length=2)
    year: Optional[int] = Field(None, ge=-700, le=2100)
    grade: Grade = Grade.fine
    cents: int = Field(0, ge=0)


class Coin(NewCoin):
    id: int


class Album:
    def __init__(self, name: str):
        self.name = name
        self.coins: dict[int, Coin] = {}
        self._ids = count(1)

    def add(self, new: NewCoin) -> Coin:
        coin = Coin(id=next(self._ids), **new.model_dump())
        self.coins[coin.id] = coin
        return coin

    def most_valuable(self) -> Optional[Coin]:
        return max(self.coins.values(), key=lambda c: c.cents, default=None)


ALBUMS: dict[str, Album] = {}


def album(name: str) -> Album:
    if name not in ALBUMS:
        raise HTTPException(404, "no such album")
    return ALBUMS[name]


Named = Annotated[Album, Depends(album)]


@app.put("/albums/{name}", status_code=201)
def create(name: str):
    if name in ALBUMS:
        raise HTTPException(409, "album exists")
    ALBUMS[name] = Album(name)
    return {"name": name}


@app.post("/albums/{name}/coins", status_code=201)
def add(found: Named, body: NewCoin):
    return found.add(body)


@app.get("/albums/{name}/coins")
def coins(found: Named, country: Optional[str] = None):
    return [c for c in found.coins.values() if country is None or c.country == country.upper()]


@app.delete("/albums/{name}/coins/{coin_id}", status_code=204)
def give_away(found: Named, coin_id: int):
    if coin_id not in found.coins:
        raise HTTPException(404, "no such coin")
    del found.coins[coin_id]


@app.get("/albums/{name}/summary")
def summary(found: Named):
    """Figures for the cover page. Coins without a year do not count for oldest and newest."""
    years = [c.year for c in found.coins.values() if c.year is not None]
    best = found.most_valuable()
    return {
        "name": found.name,
        "coins": len(found.coins),
        "cents": sum(c.cents for c in found.coins.values()),
        "best": best.title if best else None,
        "oldest": min(years),
        "newest": max(years),
    }


@app.get("/albums/{name}/countries")
def countries(found: Named):
    return dict(sorted(Counter(c.country for c in found.coins.values()).items()))
