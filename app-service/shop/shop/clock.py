"""Moments and months. All times are UTC; one given without an offset is taken as UTC."""

import re
from datetime import UTC, datetime

from fastapi import HTTPException

MONTH = re.compile(r"(20\d{2})-(0[1-9]|1[0-2])")


def now() -> datetime:
    return datetime.now(UTC)


def as_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def month_bounds(text: str) -> tuple[datetime, datetime]:
    """The first moment of a month like "2026-05" and the first moment after it."""
    match = MONTH.fullmatch(text)
    if match is None:
        raise HTTPException(422, "month must look like 2026-05")
    year, month = int(match[1]), int(match[2])
    return datetime(year, month, 1, tzinfo=UTC), datetime(year, month + 1, 1, tzinfo=UTC)
