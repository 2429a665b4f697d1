"""Where parcels are."""

import threading
from datetime import UTC, datetime

STAGES = ["announced", "collected", "on the way", "delivered"]


class UnknownParcel(Exception):
    """No parcel has this number."""


class Tracker:
    def __init__(self) -> None:
        self._parcels: dict[str, dict] = {}
        self._lock = threading.Lock()

    def announce(self, number: str, customer: dict, weight: float) -> dict:
        parcel = {"number": number, "customer": customer, "weight": weight, "events": []}
        self._parcels[number] = parcel
        return parcel

    def parcel(self, number: str) -> dict:
        return self._parcels[number]

    def scan(self, number: str, stage: str, place: str | None = None) -> None:
        STAGES.index(stage)
        with self._lock:
            self.parcel(number)["events"].append({"stage": stage, "place": place, "at": datetime.now(UTC)})

    def last_event(self, number: str) -> dict:
        return self.parcel(number)["events"][-1]

    def places(self, number: str) -> str:
        return " → ".join(event["place"].title() for event in self.parcel(number)["events"])

    def hours_on_the_way(self, number: str) -> float:
        events = self.parcel(number)["events"]
        return (events[-1]["at"] - events[0]["at"]).total_seconds() / 3600

    def overdue(self, before: datetime) -> list[str]:
        return [number for number in self._parcels if self.last_event(number)["at"] < before]

    def heaviest(self) -> dict:
        return max(self._parcels.values(), key=lambda parcel: parcel["weight"])
