"""Which days a series falls on."""
from datetime import date, timedelta

STEP = {"week": timedelta(days=7), "fortnight": timedelta(days=14)}


def month_after(start: date, months: int) -> date:
    """The same day of the month, that many months on.

    Where a month is too short the visit moves to its last day, for that month only.
    """
    index = start.year * 12 + start.month - 1 + months
    return date(index // 12, index % 12 + 1, start.day)


def days_of(start: date, every: str, times: int) -> list[date]:
    if every == "month":
        return [month_after(start, n) for n in range(times)]
    return [start + n * STEP[every] for n in range(times)]
