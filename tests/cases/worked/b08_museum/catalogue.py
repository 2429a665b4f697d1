"""The collection: what there is and where it is shown."""
from dataclasses import dataclass


class CatalogueError(Exception):
    code = 400


class Unknown(CatalogueError):
    code = 404


class Busy(CatalogueError):
    code = 409


@dataclass(frozen=True)
class Place:
    room: int
    case: str


@dataclass
class Loan:
    borrower: str
    until: str


@dataclass
class Item:
    number: str
    title: str
    maker: str
    year: int | None
    place: Place | None
    loan: Loan | None = None


def seed():
    rows = [
        ("1901.3", "Astrolabe", "G. Hartmann", 1532, Place(2, "A")),
        ("1901.4", "Quadrant", "unknown", None, Place(2, "B")),
        ("1934.17", "Orrery", "J. Rowley", 1712, Place(3, "A")),
        ("1988.2", "Sextant", "E. Troughton", 1790, Place(2, "A")),
        ("2003.9", "Theodolite", "J. Ramsden", 1787, None),
    ]
    return {number: Item(number, title, maker, year, place) for number, title, maker, year, place in rows}


ROOMS = {1: "Foyer", 2: "Measuring the sky", 3: "Models"}
ITEMS = seed()


def item(number):
    if number not in ITEMS:
        raise Unknown(f"no item {number}")
    return ITEMS[number]


def room_name(room):
    if room not in ROOMS:
        raise Unknown(f"no room {room}")
    return ROOMS[room]


def whereabouts(thing):
    """In words, for visitors."""
    if thing.loan is not None:
        return f"on loan to {thing.loan.borrower} until {thing.loan.until}"
    if thing.place is None:
        return "in store"
    return f"room {thing.place.room}, case {thing.place.case}"


def in_room(room):
    """What stands in a room, case by case."""
    found = [i for i in ITEMS.values() if i.place.room == room]
    return sorted(found, key=lambda i: (i.place.case, i.number))


def lend(thing, borrower, until):
    if thing.loan is not None:
        raise Busy(f"{thing.number} is on loan already")
    thing.loan, thing.place = Loan(borrower, until), None


def put(thing, place):
    """Shows an item, or stores it (None); it comes back from a loan by that."""
    thing.place, thing.loan = place, None
