"""Rates against the euro, one per currency and banking day."""
import bisect
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


class UnknownCurrency(LookupError):
    """We have never had this currency."""


class NoRate(LookupError):
    """We have the currency, but no rate that would do."""


@dataclass(frozen=True, order=True)
class Entry:
    day: date
    rate: Decimal


class History:
    def __init__(self):
        self._entries: dict[str, list[Entry]] = {}

    def _of(self, currency: str) -> list[Entry]:
        if currency not in self._entries:
            raise UnknownCurrency(f"unknown currency {currency}")
        return self._entries[currency]

    def open(self, currency: str) -> None:
        self._entries.setdefault(currency, [])

    async def currencies(self) -> list[str]:
        return sorted(self._entries)

    async def add(self, currency: str, day: date, rate: Decimal) -> Entry:
        """A second rate for a day replaces the first."""
        entries = self._of(currency)
        entries[:] = [e for e in entries if e.day != day]
        entry = Entry(day, rate)
        bisect.insort(entries, entry)
        return entry

    async def between(self, currency: str, first: date, last: date) -> list[Entry]:
        return [e for e in self._of(currency) if first <= e.day <= last]

    async def latest(self, currency: str) -> Entry:
        entries = self._of(currency)
        if not entries:
            raise NoRate(f"no rate for {currency} yet")
        return entries[-1]

    async def valid_on(self, currency: str, day: date) -> Entry:
        """The rate of the day, or of the last banking day before it. Later rates never count."""
        for entry in self._of(currency):
            if entry.day > day:
                break
            found = entry
        return found


def seed() -> History:
    history = History()
    for currency, rows in {
        "USD": [("2024-01-02", "1.0956"), ("2024-01-03", "1.0919"), ("2024-01-05", "1.0921"), ("2024-01-08", "1.0946")],
        "SEK": [("2024-01-02", "11.148"), ("2024-01-05", "11.2105")],
        "ISK": [],
    }.items():
        history.open(currency)
        for day, rate in rows:
            history._entries[currency].append(Entry(date.fromisoformat(day), Decimal(rate)))
    return history
