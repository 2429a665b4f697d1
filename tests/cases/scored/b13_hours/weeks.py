"""ISO weeks, written like 2024-W07."""
import re
from datetime import date, timedelta
from typing import NamedTuple

PATTERN = re.compile(r"(\d{4})-W(\d{2})")


class BadWeek(Exception):
    def __init__(self, text):
        super().__init__(f"not a week: {text}")


class Week(NamedTuple):
    year: int
    number: int

    def __str__(self):
        return f"{self.year:04d}-W{self.number:02d}"

    @property
    def monday(self):
        return date.fromisocalendar(self.year, self.number, 1)

    def days(self):
        return [self.monday + timedelta(days=n) for n in range(7)]


def parse(text):
    match = PATTERN.fullmatch(text)
    if match is None:
        raise BadWeek(text)
    week = Week(int(match[1]), int(match[2]))
    if not 1 <= week.number <= 53:
        raise BadWeek(text)
    return week


def of(day):
    year, number, _ = day.isocalendar()
    return Week(year, number)
