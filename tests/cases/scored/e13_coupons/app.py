"""Coupon book of the shopping street: coupons, and what they take off a bill."""
from datetime import date
from typing import Literal, Optional

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="coupon book")


class Coupon(BaseModel):
    code: str = Field(pattern=r"^[A-Z0-9]{4,12}$")
    kind: Literal["percent", "cents"]
    value: int = Field(gt=0)
    minimum: Optional[int] = Field(None, ge=0, description="smallest bill in cents; absent: any bill")
    until: Optional[date] = Field(None, description="last day; absent: no end")
    uses: Optional[int] = Field(None, ge=1, description="how often; absent: as often as you like")


class Bill(BaseModel):
    code: str
    cents: int = Field(ge=0)
    day: date


COUPONS: dict[str, Coupon] = {}
USED: dict[str, int] = {}


def coupon_or_404(code: str) -> Coupon:
    coupon = COUPONS.get(code.upper())
    if coupon is None:
        raise HTTPException(404, "no such coupon")
    return coupon


def refusal(coupon: Coupon, bill: Bill) -> Optional[str]:
    """Why a coupon does not count for a bill, None when it does."""
    if coupon.until is not None and bill.day > coupon.until:
        return "expired"
    if coupon.uses is not None and USED.get(coupon.code, 0) >= coupon.uses:
        return "used up"
    if bill.cents < coupon.minimum:
        return "bill is too small"
    return None


def discount(coupon: Coupon, cents: int) -> int:
    off = cents * coupon.value // 100 if coupon.kind == "percent" else coupon.value
    return min(off, cents)


@app.post("/coupons", status_code=201)
def add(coupon: Coupon):
    if coupon.code in COUPONS:
        raise HTTPException(409, "code is taken")
    if coupon.kind == "percent" and coupon.value > 100:
        raise HTTPException(422, "more than 100 percent")
    COUPONS[coupon.code] = coupon
    return coupon


@app.get("/coupons")
def book(day: date):
    """Coupons that are valid on a day."""
    return [c.code for c in COUPONS.values() if c.until is None or day <= c.until]


@app.post("/check")
def check(bill: Bill):
    """What a coupon would do, without using it."""
    coupon = coupon_or_404(bill.code)
    reason = refusal(coupon, bill)
    off = 0 if reason else discount(coupon, bill.cents)
    return {"ok": reason is None, "reason": reason, "off": off, "pay": bill.cents - off}


@app.post("/redeem")
def redeem(bill: Bill):
    coupon = coupon_or_404(bill.code)
    reason = refusal(coupon, bill)
    if reason:
        raise HTTPException(409, reason)
    USED[coupon.code] = USED.get(coupon.code, 0) + 1
    off = discount(coupon, bill.cents)
    return {"off": off, "pay": bill.cents - off}
