"""Hours per person and day, in minutes."""
from datetime import date

PEOPLE = {"ada": 480, "ben": 300, "cleo": 480}  # minutes due per working day
MINUTES: dict[tuple[str, date], int] = {}
CLOSED: set = set()


class NoSuchPerson(Exception):
    pass


def check_person(name):
    if name not in PEOPLE:
        raise NoSuchPerson(f"nobody called {name}")


def minutes(name, day):
    return MINUTES.get((name, day), 0)


def due(name, days):
    return sum(PEOPLE[name] for d in days if d.weekday() < 5)
