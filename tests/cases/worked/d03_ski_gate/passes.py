"""Ski passes and the turnstiles. All times are kept in UTC, without an offset."""
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import count

PRODUCTS = {"half-day": timedelta(hours=4), "day": timedelta(hours=9), "evening": timedelta(hours=3)}
GATES = {"valley": "Valley station", "mid": "Middle station", "glacier": "Glacier lift"}
BLOCK = timedelta(minutes=5)


@dataclass
class Pass:
    number: int
    product: str
    starts: datetime
    ends: datetime
    blocked: bool = False
    scans: list[tuple[str, datetime]] = field(default_factory=list)


PASSES: dict[int, Pass] = {}
_numbers = count(1)


def to_utc(moment: datetime) -> datetime:
    """What the tills and turnstiles send, in our own form. Without an offset it is UTC already."""
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(timezone.utc).replace(tzinfo=None)


def issue(product: str, starts: datetime) -> Pass:
    number = next(_numbers)
    PASSES[number] = Pass(number, product, starts, starts + PRODUCTS[product])
    return PASSES[number]


def left(p: Pass, now: datetime) -> timedelta:
    if now >= p.ends:
        return timedelta(0)
    return p.ends - max(now, p.starts)


def scan(p: Pass, gate: str, at: datetime) -> str | None:
    """Lets the holder through (None) or says why not. A pass opens the same gate once in five minutes."""
    if p.blocked:
        return "blocked"
    if at < p.starts:
        return "not yet valid"
    if at >= p.ends:
        return "expired"
    for seen, when in p.scans:
        if seen == gate and at - when < BLOCK:
            return "used just now"
    p.scans.append((gate, at))
    return None
