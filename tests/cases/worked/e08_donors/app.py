"""Blood donor register: donations and when a donor may come again."""
from datetime import datetime, timedelta, timezone
from enum import Enum
from itertools import count
from typing import Optional

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="donor register")

PAUSE = timedelta(days=56)
MAX_PER_YEAR = 4


class Group(str, Enum):
    O = "0"
    A = "A"
    B = "B"
    AB = "AB"


class Donor(BaseModel):
    id: int
    name: str
    group: Group
    donations: list[datetime] = []


class NewDonor(BaseModel):
    name: str = Field(min_length=1)
    group: Group
    last_donation: Optional[datetime] = Field(None, description="elsewhere, before joining")


class Donation(BaseModel):
    at: datetime


DONORS: dict[int, Donor] = {}
_ids = count(1)


def utc(moment: datetime) -> datetime:
    """The register keeps UTC; a time without an offset is taken as UTC."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc)


def donor_or_404(number: int) -> Donor:
    if number not in DONORS:
        raise HTTPException(404, "no such donor")
    return DONORS[number]


def next_date(donor: Donor, moment: datetime) -> datetime:
    """From when on the donor may give again, as seen from a moment."""
    if not donor.donations:
        return moment
    earliest = max(donor.donations) + PAUSE
    year = sorted(d for d in donor.donations if d > moment - timedelta(days=365))
    if len(year) >= MAX_PER_YEAR:
        earliest = max(earliest, year[-MAX_PER_YEAR] + timedelta(days=365))
    return max(earliest, moment)


@app.post("/donors", status_code=201)
def register(body: NewDonor):
    donor = Donor(id=next(_ids), name=body.name, group=body.group)
    if body.last_donation is not None:
        donor.donations.append(body.last_donation)
    DONORS[donor.id] = donor
    return {"id": donor.id, "name": donor.name, "group": donor.group, "donations": len(donor.donations)}


@app.get("/donors")
def donors(group: Optional[Group] = None):
    return [{"id": d.id, "name": d.name, "donations": len(d.donations)} for d in DONORS.values() if group in (None, d.group)]


@app.post("/donors/{number}/donations", status_code=201)
def donate(number: int, body: Donation):
    donor = donor_or_404(number)
    at = utc(body.at)
    if next_date(donor, at) > at:
        raise HTTPException(409, "too early")
    donor.donations.append(at)
    return {"donations": len(donor.donations)}


@app.get("/donors/{number}/eligibility")
def eligibility(number: int, on: datetime):
    donor = donor_or_404(number)
    moment = utc(on)
    earliest = next_date(donor, moment)
    return {"eligible": earliest <= moment, "from": earliest.date().isoformat()}
