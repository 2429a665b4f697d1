"""The arithmetic."""
from .tables import Bracket


def tax(taxable: int, brackets: list[Bracket]) -> int:
    """Every bracket's percentage applies to the part of the income that falls into it; cents are dropped."""
    total = 0
    tops = [b.above for b in brackets[1:]] + [None]
    for bracket, top in zip(brackets, tops):
        part = (taxable if top is None else min(taxable, top)) - bracket.above
        if part > 0:
            total += part * bracket.percent
    return total // 100
