"""The diary itself: who is taken when."""
from dataclasses import dataclass
from datetime import date, time
from itertools import count
from typing import Optional


class DiaryError(Exception):
    def __init__(self, status: int, code: str, detail: str):
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


@dataclass
class Visit:
    id: int
    therapist: str
    patient: str
    day: date
    at: time
    series: Optional[int] = None


class Diary:
    therapists = ("amara", "bjork")

    def __init__(self):
        self.visits: list[Visit] = []
        self._ids, self._series = count(1), count(1)

    def known(self, therapist: str) -> str:
        if therapist not in self.therapists:
            raise DiaryError(404, "no-therapist", f"nobody called {therapist}")
        return therapist

    def visits_of(self, therapist: str, first: date, last: date) -> list[Visit]:
        self.known(therapist)
        return sorted((v for v in self.visits if v.therapist == therapist and first <= v.day <= last), key=lambda v: (v.day, v.at))

    def put(self, therapist: str, patient: str, days: list[date], at: time, together: bool = False) -> list[Visit]:
        taken = {(v.day, v.at) for v in self.visits_of(therapist, days[0], days[-1])}
        for day in days:
            if (day, at) in taken:
                raise DiaryError(409, "taken", f"{day} {at:%H:%M} is taken")
        number = next(self._series) if together else None
        made = [Visit(next(self._ids), therapist, patient, day, at, number) for day in days]
        self.visits += made
        return made

    def cancel(self, series: int, since: date) -> list[Visit]:
        mine = [v for v in self.visits if v.series == series]
        if not mine:
            raise DiaryError(404, "no-series", f"no series {series}")
        gone = [v for v in mine if v.day >= since]
        self.visits = [v for v in self.visits if v not in gone]
        return gone
