from dataclasses import dataclass


class OffMenu(Exception):
    pass


@dataclass
class Line:
    """A dish in a basket; cents is the price of one."""

    dish: str
    qty: int
    cents: int


class Menu:
    def __init__(self):
        self._cents = {"dal": 890, "momo": 750, "thukpa": 1050, "lassi": 320}

    def __contains__(self, dish: str) -> bool:
        return dish in self._cents

    def line(self, dish: str, qty: int) -> Line:
        if dish not in self._cents:
            raise OffMenu(dish)
        return Line(dish, qty, self._cents[dish])

    def set(self, dish: str, cents: int) -> None:
        self._cents[dish] = cents

    def remove(self, dish: str) -> None:
        del self._cents[dish]
