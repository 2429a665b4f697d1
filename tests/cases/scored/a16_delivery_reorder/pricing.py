from typing import Iterable

from menu import Line

DELIVERY_CENTS, FREE_FROM = 290, 2500


def goods(lines: Iterable[Line]) -> int:
    return sum(line.cents * line.qty for line in lines)


def delivery(lines: Iterable[Line]) -> int:
    worth = goods(lines)
    return DELIVERY_CENTS if 0 < worth < FREE_FROM else 0


def total(lines: Iterable[Line]) -> int:
    return goods(lines) + delivery(lines)
