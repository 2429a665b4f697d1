from dataclasses import dataclass
from itertools import count

from .errors import Missing


@dataclass(frozen=True)
class Sighting:
    id: int
    code: str
    number: int
    place: str
    day: str
    observer: str


_ids = count(1)
_rows: dict[int, Sighting] = {}


def add(code, number, place, day, observer) -> Sighting:
    sighting = Sighting(next(_ids), code, number, place, day, observer)
    _rows[sighting.id] = sighting
    return sighting


def every() -> list[Sighting]:
    return sorted(_rows.values(), key=lambda s: (s.day, s.id))


def get(sighting_id) -> Sighting:
    if sighting_id not in _rows:
        raise Missing("no such sighting")
    return _rows[sighting_id]


def remove(sighting_id):
    get(sighting_id)
    del _rows[sighting_id]


def clear():
    _rows.clear()
