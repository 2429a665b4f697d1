"""Visitor and contractor badges: how long they are good for, and renewals."""
import calendar
from datetime import date, timedelta
from enum import Enum

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field


class Kind(str, Enum):
    visitor = "visitor"
    contractor = "contractor"
    staff = "staff"


#: longest validity in months
LONGEST = {Kind.visitor: 1, Kind.contractor: 12, Kind.staff: 60}


class BadgeError(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status
        self.message = message


class NewBadge(BaseModel):
    holder: str = Field(min_length=1, max_length=60)
    kind: Kind
    issued: date = Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))
    months: int = Field(ge=1)


class Renewal(BaseModel):
    months: int = Field(ge=1)


class Badge(BaseModel):
    number: int
    holder: str
    kind: Kind
    issued: date
    expires: date
    renewals: int = 0


class Badges:
    def __init__(self):
        self._rows: dict[int, Badge] = {}

    async def add(self, **values) -> Badge:
        badge = Badge(number=len(self._rows) + 1, **values)
        self._rows[badge.number] = badge
        return badge

    async def get(self, number: int) -> Badge:
        if number not in self._rows:
            raise BadgeError(404, "no such badge")
        return self._rows[number]

    async def expiring(self, first: date, last: date) -> list[Badge]:
        return sorted((b for b in self._rows.values() if first <= b.expires <= last), key=lambda b: (b.expires, b.number))


def months_later(day: date, months: int) -> date:
    """The same day of the month so many months on."""
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


def month_of(text: str) -> tuple[date, date]:
    """First and last day of '2024-02'."""
    try:
        first = date.fromisoformat(text + "-01")
    except ValueError:
        raise BadgeError(400, "month must look like 2024-02")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


badges = Badges()
router = APIRouter(prefix="/badges")


async def badge_of(number: int) -> Badge:
    return await badges.get(number)


def check_months(kind: Kind, months: int) -> None:
    if months > LONGEST[kind]:
        raise BadgeError(400, f"{kind.value} badges last at most {LONGEST[kind]} months")


@router.post("", status_code=201)
async def issue(new: NewBadge) -> Badge:
    """A badge for n months is good up to and including the day `expires`; if that month has no such day, up to the month's end."""
    check_months(new.kind, new.months)
    return await badges.add(holder=new.holder.strip(), kind=new.kind, issued=new.issued, expires=months_later(new.issued, new.months))


@router.get("")
async def expiring(month: str = Query(...)) -> list[Badge]:
    return await badges.expiring(*month_of(month))


@router.get("/{number}")
async def show(badge: Badge = Depends(badge_of)) -> Badge:
    return badge


@router.get("/{number}/valid")
async def valid(on: date, badge: Badge = Depends(badge_of)) -> dict:
    left = (badge.expires - on).days
    return {"valid": badge.issued <= on <= badge.expires, "days_left": max(left, 0)}


@router.post("/{number}/renew")
async def renew(renewal: Renewal, badge: Badge = Depends(badge_of)) -> Badge:
    """Counts on from the day the badge runs out. Visitors need a new badge instead."""
    if badge.kind is Kind.visitor:
        raise BadgeError(409, "visitor badges are not renewed")
    check_months(badge.kind, renewal.months)
    badge.expires = months_later(badge.expires, renewal.months)
    badge.renewals += 1
    return badge


@router.get("/{number}/reminder")
async def reminder(badge: Badge = Depends(badge_of)) -> dict:
    return {"number": badge.number, "remind_on": badge.expires - timedelta(days=14)}


app = FastAPI(title="badges")
app.include_router(router)


@app.exception_handler(BadgeError)
async def on_badge_error(request: Request, error: BadgeError):
    return JSONResponse({"detail": error.message}, status_code=error.status)
