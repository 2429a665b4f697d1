"""Lost-property office: found items carry a tag like LF24-0017 (year and running number)."""
import re
from datetime import date
from typing import Literal, Optional

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="lost and found")

TAG = re.compile(r"LF(\d{2})-(\d{4})", re.IGNORECASE)
KEEP_DAYS = 180

Item = dict
ITEMS: dict[tuple[int, int], Item] = {}


class Found(BaseModel):
    what: str = Field(min_length=2)
    where: str
    on: date
    colour: Optional[str] = None


class Claim(BaseModel):
    tag: str
    name: str = Field(min_length=1)


class Shelf(BaseModel):
    tags: list[str] = Field(min_length=1)
    shelf: Literal["A", "B", "C", "safe"]


def tag_of(key: tuple[int, int]) -> str:
    return f"LF{key[0]:02d}-{key[1]:04d}"


def by_tag(tag: str) -> Item:
    """The item with a tag: 422 for what is no tag at all, 404 for a tag we never gave out."""
    found = TAG.fullmatch(tag.strip())
    key = (int(found.group(1)), int(found.group(2)))
    if key not in ITEMS:
        raise HTTPException(404, "no item with this tag")
    return ITEMS[key]


@app.post("/items", status_code=201)
def hand_in(body: Found):
    year = body.on.year % 100
    number = 1 + max((n for y, n in ITEMS if y == year), default=0)
    item = {"tag": tag_of((year, number)), "claimed_by": None, "shelf": None, **body.model_dump()}
    ITEMS[(year, number)] = item
    return item


@app.get("/items")
def search(word: str = "", colour: Optional[str] = None):
    """Unclaimed items, oldest first."""
    rows = [i for i in ITEMS.values() if i["claimed_by"] is None and word.lower() in i["what"].lower()]
    if colour:
        rows = [i for i in rows if (i["colour"] or "").lower() == colour.lower()]
    return sorted(rows, key=lambda i: (i["on"], i["tag"]))


@app.get("/items/{tag}")
def show(tag: str):
    return by_tag(tag)


@app.post("/claims")
def claim(body: Claim):
    item = by_tag(body.tag)
    if item["claimed_by"] is not None:
        raise HTTPException(409, "already claimed")
    item["claimed_by"] = body.name
    return item


@app.post("/shelving")
def put_on_shelf(body: Shelf):
    """All of them or none: one wrong tag and nothing is moved."""
    items = [by_tag(tag) for tag in body.tags]
    for item in items:
        item["shelf"] = body.shelf
    return {"shelf": body.shelf, "tags": [i["tag"] for i in items]}


@app.get("/auction")
def auction(today: date):
    """Unclaimed items that were kept long enough."""
    return [i["tag"] for i in search() if (today - i["on"]).days > KEEP_DAYS]
