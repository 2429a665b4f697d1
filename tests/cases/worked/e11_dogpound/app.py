"""Dog pound: kennels and the dogs in them."""
from datetime import date
from itertools import count
from typing import Optional

from fastapi import APIRouter, FastAPI, HTTPException
from pydantic import BaseModel, Field


class Kennel:
    def __init__(self, number: int, places: int):
        self.number = number
        self.places = places
        self.dogs: list["Dog"] = []

    @property
    def full(self) -> bool:
        return len(self.dogs) >= self.places


class Dog:
    def __init__(self, number: int, name: str, arrived: date):
        self.number = number
        self.name = name
        self.arrived = arrived
        self.kennel: Optional[Kennel] = None

    def as_json(self) -> dict:
        return {"number": self.number, "name": self.name, "arrived": self.arrived, "kennel": self.kennel.number if self.kennel else None}


class Pound:
    def __init__(self):
        self.kennels = [Kennel(1, 2), Kennel(2, 2), Kennel(5, 1)]
        self.dogs: dict[int, Dog] = {}
        self.ids = count(1)

    def kennel(self, number: int) -> Optional[Kennel]:
        return next((k for k in self.kennels if k.number == number), None)

    def take_out(self, dog: Dog):
        if dog.kennel:
            dog.kennel.dogs.remove(dog)
            dog.kennel = None

    def put_in(self, dog: Dog, kennel: Kennel):
        kennel.dogs.append(dog)
        dog.kennel = kennel


pound = Pound()
router = APIRouter()


class Arrival(BaseModel):
    name: str = Field(min_length=1)
    arrived: date
    kennel: int


class Move(BaseModel):
    kennel: int


def dog_or_404(number: int) -> Dog:
    if number not in pound.dogs:
        raise HTTPException(404, "no such dog")
    return pound.dogs[number]


@router.get("/kennels")
def kennels():
    return [{"number": k.number, "dogs": [d.name for d in k.dogs], "free": k.places - len(k.dogs)} for k in pound.kennels]


@router.post("/dogs", status_code=201)
def arrive(body: Arrival):
    kennel = pound.kennel(body.kennel)
    if kennel is None:
        raise HTTPException(422, "no such kennel")
    if kennel.full:
        raise HTTPException(409, "kennel is full")
    dog = Dog(next(pound.ids), body.name, body.arrived)
    pound.dogs[dog.number] = dog
    pound.put_in(dog, kennel)
    return dog.as_json()


@router.get("/dogs/{number}")
def show(number: int):
    return dog_or_404(number).as_json()


@router.post("/dogs/{number}/move")
def move(number: int, body: Move):
    dog = dog_or_404(number)
    kennel = pound.kennel(body.kennel)
    if kennel is not dog.kennel:
        if kennel.full:
            raise HTTPException(409, "kennel is full")
        pound.take_out(dog)
        pound.put_in(dog, kennel)
    return dog.as_json()


@router.delete("/dogs/{number}", status_code=204)
def leave(number: int):
    """Adopted or fetched by the owner."""
    pound.take_out(dog_or_404(number))
    del pound.dogs[number]


app = FastAPI(title="dog pound")
app.include_router(router)
