"""The lending rules, as the board decided them."""
from datetime import date, timedelta

LOAN_DAYS = {"book": 28, "film": 7, "magazine": 14}
BLOCK_AT = 1000

# kind -> steps of (days late, cents so far); the last step is the most a loan of this kind can cost
STEPS = {
    "book": [(7, 50), (14, 150), (28, 400)],
    "film": [(2, 100), (7, 300), (14, 600)],
    "magazine": [(7, 20), (28, 80)],
}


def due(kind: str, start: date) -> date:
    return start + timedelta(days=LOAN_DAYS[kind])


def fee(kind: str, days_late: int) -> int:
    """What a loan costs that is (or was) so many days late, in cents."""
    if days_late <= 0:
        return 0
    for limit, cents in STEPS[kind]:
        if days_late <= limit:
            return cents
