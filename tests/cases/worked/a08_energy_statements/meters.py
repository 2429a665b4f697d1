from dataclasses import dataclass, field
from datetime import date
from typing import Optional


@dataclass
class Meter:
    serial: str
    customer: str
    readings: list[tuple[date, float]] = field(default_factory=list)
    billed_until: Optional[date] = None

    def unbilled(self) -> Optional[tuple[date, float]]:
        """(day of the last reading, kWh since the last statement), None when there is nothing to bill."""
        if len(self.readings) < 2 or self.readings[-1][0] == self.billed_until:
            return None
        start = next((kwh for day, kwh in self.readings if day == self.billed_until), self.readings[0][1])
        day, kwh = self.readings[-1]
        return day, round(kwh - start, 3)


class Meters:
    def __init__(self):
        self._all = {m.serial: m for m in (Meter("E-7001", "Bakery Holm"), Meter("E-7002", "F. Adeyemi"), Meter("E-7003", "School board"))}

    def find(self, serial: str) -> Optional[Meter]:
        return self._all.get(serial)
