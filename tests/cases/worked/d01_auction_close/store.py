"""Lots of the running sale, in memory. Money is in whole euros."""
from dataclasses import dataclass, field


@dataclass
class Bid:
    bidder: str
    amount: int


@dataclass
class Lot:
    number: int
    title: str
    start: int
    reserve: int
    state: str = "open"
    bids: list[Bid] = field(default_factory=list)
    buyer: str | None = None
    price: int | None = None


CATALOGUE = [
    (1, "Walnut writing desk", 120, 200),
    (2, "Brass ship's clock", 80, 80),
    (3, "Box of assorted prints", 10, 10),
    (4, "Pair of silver candlesticks", 150, 260),
]
LOTS: dict[int, Lot] = {}


def reset() -> None:
    LOTS.clear()
    for row in CATALOGUE:
        LOTS[row[0]] = Lot(*row)


def find(number: int) -> Lot | None:
    return LOTS.get(number)


reset()
