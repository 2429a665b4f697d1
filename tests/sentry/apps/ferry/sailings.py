"""What sails, and what it costs. Knows no framework."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal


@dataclass
class Sailing:
    number: str
    leaves: datetime
    price: Decimal
    seats: int


SAILINGS = {"F10": Sailing("F10", datetime(2026, 5, 1, 8, 30, tzinfo=UTC), Decimal("12.50"), 80)}
RANKS = {"master": 1, "mate": 2}
FARES = {"north": {"adult": 12, "child": 6}, "south": {"adult": 15, "child": 7}}


class NoTimetable(Exception):
    pass


def fare(line: str, kind: str) -> int:
    table = FARES[line]
    return table[kind]


def timetable(day: str) -> str:
    try:
        return {"monday": "08:30"}[day]
    except KeyError as error:
        raise NoTimetable(f"no timetable for {day}") from error


def read_manifest(lines: list[str]) -> list[int]:
    problems: list[Exception] = []
    read = []
    for line in lines:
        try:
            read.append(int(line))
        except ValueError as error:
            problems.append(error)
    if problems:
        raise ExceptionGroup("unreadable manifest", problems)
    return read


def weigh(vehicle: str, metres: str) -> float:
    return {"car": 1.5, "bus": 12.0}[vehicle] * float(metres)


def first_rank(crew: list[str]) -> int:
    return RANKS[crew[0]]


def warn(harbour: str) -> None:
    def send() -> None:
        numbers: dict[str, str] = {}
        print(numbers[harbour].upper())

    thread = threading.Thread(target=send, name="warning")
    thread.start()
    thread.join()


def weather(harbour: str) -> str:
    readings: list[float] = []
    try:
        return f"{sum(readings) / len(readings):.1f} knots"
    except ZeroDivisionError:
        logging.getLogger("ferry").exception("no readings of %s", harbour)
        return "unknown"
