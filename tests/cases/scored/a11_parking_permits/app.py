"""Residents' parking permits and the check the wardens' handhelds make."""
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Optional

from fastapi import APIRouter, FastAPI, HTTPException, Query
from pydantic import BaseModel, Field

app = FastAPI(title="parking permits")
permits = APIRouter(prefix="/permits")

ZONES = {"A": "old town", "B": "station", "C": "harbour"}
GRACE = timedelta(minutes=10)
LONGEST = timedelta(days=366)


@dataclass
class Permit:
    number: int
    plate: str
    zone: str
    start: datetime
    end: datetime
    revoked: bool = False
    log: list[str] = field(default_factory=list)

    def covers(self, moment: datetime) -> bool:
        """The permit still counts for the grace period after its end."""
        return not self.revoked and self.start <= moment <= self.end + GRACE


class Application(BaseModel):
    plate: str = Field(min_length=2, max_length=12)
    zone: str
    start: datetime
    end: datetime


class Extension(BaseModel):
    end: datetime


REGISTER: dict[int, Permit] = {}
_numbers = count(5001)


def utc(moment: datetime) -> datetime:
    """Clients may leave the offset out; what they send then is UTC."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc)


def plate_key(plate: str) -> str:
    return plate.replace(" ", "").replace("-", "").upper()


def permit_or_404(number: int) -> Permit:
    if number not in REGISTER:
        raise HTTPException(404, "no such permit")
    return REGISTER[number]


def out(permit: Permit) -> dict:
    return {"number": permit.number, "plate": permit.plate, "zone": permit.zone, "start": permit.start.isoformat(),
            "end": permit.end.isoformat(), "revoked": permit.revoked}


@permits.post("", status_code=201)
def apply(body: Application):
    if body.zone not in ZONES:
        raise HTTPException(422, "no such zone")
    start, end = utc(body.start), utc(body.end)
    if not timedelta(0) < end - start <= LONGEST:
        raise HTTPException(422, "a permit runs for up to a year")
    permit = Permit(next(_numbers), plate_key(body.plate), body.zone, start, end)
    REGISTER[permit.number] = permit
    return out(permit)


@permits.get("/check")
def check(plate: str, zone: str, at: Optional[datetime] = Query(None, description="defaults to now")):
    """Is a car with this plate allowed to stand in the zone?"""
    moment = at or datetime.now(timezone.utc)
    for permit in REGISTER.values():
        if permit.plate == plate_key(plate) and permit.zone == zone and permit.covers(moment):
            return {"allowed": True, "permit": permit.number}
    return {"allowed": False, "permit": None}


@permits.get("/{number}")
def show(number: int):
    return out(permit_or_404(number))


@permits.put("/{number}/end")
def extend(number: int, body: Extension):
    """Moves the end; earlier is fine too, as long as something is left of the permit."""
    permit = permit_or_404(number)
    end = utc(body.end)
    if not timedelta(0) < end - permit.start <= LONGEST:
        raise HTTPException(422, "a permit runs for up to a year")
    permit.end = end
    return out(permit)


@permits.delete("/{number}")
def revoke(number: int):
    permit = permit_or_404(number)
    permit.revoked = True
    return out(permit)


app.include_router(permits)
