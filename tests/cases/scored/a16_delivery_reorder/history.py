"""What has been ordered, as it was when it was ordered."""
from dataclasses import asdict
from itertools import count
from typing import Optional

from menu import Line


class History:
    def __init__(self):
        self._orders: dict[int, dict] = {}
        self._numbers = count(1)

    def keep(self, guest: str, lines: list[Line], total: int) -> dict:
        number = next(self._numbers)
        self._orders[number] = {"number": number, "guest": guest, "lines": [asdict(line) for line in lines], "total": total}
        return self._orders[number]

    def of(self, guest: str) -> list[dict]:
        return [o for o in self._orders.values() if o["guest"] == guest]

    def find(self, guest: str, number: int) -> Optional[dict]:
        order = self._orders.get(number)
        return order if order and order["guest"] == guest else None
