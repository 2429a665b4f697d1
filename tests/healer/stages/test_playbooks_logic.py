"""Failures of the logic rather than of the input: dates, parts, branches, times, states of what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from .crashes import Ask, heal

CLINIC = """
    from datetime import date, datetime, timedelta, timezone
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel

    app = FastAPI()
    DOCTORS = {
        "kim": {"name": "Kim", "room": {"number": 4, "beds": 2}, "visits": [{"day": "2024-01-02"}], "rank": "senior"},
        "lee": {"name": "Lee", "room": None, "visits": [], "rank": "student"},
    }
    BOOKINGS = []
    OPENS = datetime(2024, 1, 1, tzinfo=timezone.utc)

    class Visit(BaseModel):
        day: str

    class Doctor(BaseModel):
        name: str

    class Slot(BaseModel):
        starts_at: datetime
        ends_at: datetime
        note: Optional[str] = None

    def doctor_or_404(name: str):
        doctor = DOCTORS.get(name)
        if doctor is None:
            raise HTTPException(status_code=404, detail="Unknown doctor")
        return doctor

    @app.post("/doctors/{name}/admit")
    def admit(name: str, patients: int):
        doctor = doctor_or_404(name)
        if patients < 1:
            raise HTTPException(status_code=400, detail="Patients must be at least 1")
        if doctor["rank"] == "retired":
            raise HTTPException(status_code=409, detail="Doctor is retired")
        room = doctor["room"]
        if patients > room["beds"]:
            raise HTTPException(status_code=409, detail="Room is full")
        return {"room": room["number"]}

    @app.post("/doctors/{name}/move")
    def move(name: str):
        doctor = doctor_or_404(name)
        return {"from": free_room(doctor)}

    def free_room(doctor):
        if doctor["room"]["beds"] > 0:
            return doctor["room"]["number"]
        return 0

    @app.get("/doctors/{name}/room")
    def room(name: str):
        doctor = doctor_or_404(name)
        return {"name": doctor["name"], "room": doctor["room"]["number"]}

    @app.get("/doctors/{name}/visits/latest", response_model=Visit)
    def latest(name: str):
        doctor = doctor_or_404(name)
        return [v for v in doctor["visits"] if v["day"] > "2000"][-1]

    @app.get("/ranked/{rank}")
    def ranked(rank: str) -> Doctor:
        found = [d for d in DOCTORS.values() if d["rank"] == rank]
        return Doctor(name=found[0]["name"])

    @app.get("/pay/{name}")
    def pay(name: str, hours: int):
        doctor = doctor_or_404(name)
        rank = doctor["rank"]
        if rank == "senior":
            amount = hours * 90
        elif rank == "junior":
            amount = hours * 50
        return {"amount": amount}

    @app.get("/report")
    def report(kind: str):
        if kind == "names":
            rows = [d["name"] for d in DOCTORS.values()]
        elif kind == "ranks":
            rows = [d["rank"] for d in DOCTORS.values()]
        return {"rows": rows}

    @app.get("/month")
    def month(year: int, month: int):
        if not 1 <= month <= 12:
            raise HTTPException(status_code=400, detail="Month must be between 1 and 12")
        first = date(year, month, 1)
        after = date(year, month + 1, 1)
        return {"days": (after - first).days}

    @app.get("/next-bill")
    def next_bill(on: date):
        return {"next": on.replace(month=on.month + 1)}

    @app.get("/previous")
    def previous(on: date):
        return {"previous": on.replace(month=on.month - 1, day=1)}

    @app.get("/renewal")
    def renewal(on: date):
        return {"renewal": on.replace(year=on.year + 1)}

    @app.get("/tomorrow")
    def tomorrow(on: date):
        return {"next": on.replace(day=on.day + 1)}

    @app.get("/month-end")
    def month_end(year: int, month: int):
        if not 1 <= month <= 12:
            raise HTTPException(status_code=400, detail="Month must be between 1 and 12")
        return {"end": date(year, month, 31)}

    @app.get("/hour-later")
    def later(at: datetime):
        return {"at": at.replace(hour=at.hour + 1)}

    @app.get("/birthday")
    def birthday(day: int, month: int):
        return {"on": date(2023, month, day)}

    @app.get("/tag")
    def tag(of: str):
        if ":" not in of:
            raise HTTPException(status_code=400, detail="Tag must look like group:name")
        group, name = of.split(":")
        return {"group": group, "name": name}

    @app.get("/clock")
    def clock(at: str):
        if ":" not in at:
            raise HTTPException(status_code=400, detail="At must look like 12:30")
        hours, minutes = at.split(":")
        return {"minutes": int(hours) * 60 + int(minutes)}

    @app.post("/slots")
    def book(slot: Slot):
        if slot.starts_at < OPENS:
            raise HTTPException(status_code=400, detail="Slot is before the opening")
        if slot.ends_at < OPENS:
            raise HTTPException(status_code=400, detail="Slot is before the opening")
        BOOKINGS.append(slot.model_dump())
        minutes = int((slot.ends_at - slot.starts_at).total_seconds() // 60)
        return {"minutes": minutes, "zone": str(BOOKINGS[-1]["starts_at"].tzinfo)}
"""

FLEET = {
    "fleet/clock.py": """
        import datetime as dt

        def now():
            return dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc)
    """,
    "fleet/errors.py": """
        class FleetError(Exception):
            def __init__(self, status, message):
                super().__init__(message)
                self.status, self.message = status, message
    """,
    "fleet/store.py": """
        VANS = {1: {"id": 1, "depot": 5, "state": "free"}, 2: {"id": 2, "depot": 6, "state": "sold"}}
        DEPOTS = {6: {"id": 6, "gates": 2}}

        def find_van(van_id):
            return VANS.get(van_id)

        def find_depot(depot_id):
            return DEPOTS.get(depot_id)
    """,
    "fleet/main.py": """
        from enum import Enum
        from typing import Optional
        from fastapi import FastAPI
        from fastapi.responses import JSONResponse
        from pydantic import BaseModel, AwareDatetime
        import datetime as dt
        from fleet import clock, store
        from fleet.errors import FleetError

        app = FastAPI()

        class Trip(BaseModel):
            leaves: dt.datetime

        class State(str, Enum):
            FREE = "free"
            SOLD = "sold"

        @app.exception_handler(FleetError)
        def on_error(request, error):
            return JSONResponse({"error": error.message}, status_code=error.status)

        def van_of(van_id: int):
            van = store.find_van(van_id)
            if van is None:
                raise FleetError(404, f"no van {van_id}")
            return van

        @app.post("/vans/{van_id}/sell")
        def sell(van_id: int):
            van = van_of(van_id)
            if van["state"] == "sold":
                raise FleetError(400, f"van {van_id} is sold")
            return van

        @app.post("/vans/{van_id}/dock")
        def dock(van_id: int):
            van = van_of(van_id)
            depot = store.find_depot(van["depot"])
            return {"gate": depot["gates"] - 1}

        @app.post("/vans/{van_id}/trips")
        def trip(van_id: int, body: Trip):
            van_of(van_id)
            if body.leaves < clock.now():
                raise FleetError(400, "leaves must be in the future")
            return {"hours": (body.leaves - clock.now()).total_seconds() / 3600}

        @app.get("/vans")
        def vans(state: Optional[str] = None):
            if state:
                wanted = State(state)
                return [v["id"] for v in store.VANS.values() if v["state"] == wanted.value]
            return list(store.VANS)
    """,
}

CASES: list[tuple[str, str | Mapping[str, str], Ask, int, Any]] = [
    (
        "an item of a stored record forbids",
        CLINIC,
        Ask("POST", "/doctors/lee/admit?patients=1"),
        409,
        {"detail": "Doctor has no room"},
    ),
    (
        "an item of a record in a helper",
        CLINIC,
        Ask("POST", "/doctors/lee/move"),
        409,
        {"detail": "Doctor has no room"},
    ),
    ("an item of a record that is shown", CLINIC, Ask("GET", "/doctors/lee/room"), 200, {"name": "Lee", "room": None}),
    ("the latest of none as one record", CLINIC, Ask("GET", "/doctors/lee/visits/latest"), 404, None),
    ("the first of a filter as one record", CLINIC, Ask("GET", "/ranked/chief"), 404, None),
    ("a stored kind without a branch", CLINIC, Ask("GET", "/pay/lee?hours=3"), 200, {"amount": 0}),
    ("a sent kind without a branch", CLINIC, Ask("GET", "/report?kind=x"), 400, None),
    ("the month after December", CLINIC, Ask("GET", "/month?year=2024&month=12"), 200, {"days": 31}),
    ("a month later in December", CLINIC, Ask("GET", "/next-bill?on=2024-12-15"), 200, {"next": "2025-01-15"}),
    (
        "a month later at the end of a long month",
        CLINIC,
        Ask("GET", "/next-bill?on=2024-01-31"),
        200,
        {"next": "2024-02-29"},
    ),
    ("the month before January", CLINIC, Ask("GET", "/previous?on=2024-01-15"), 200, {"previous": "2023-12-01"}),
    ("a year after a leap day", CLINIC, Ask("GET", "/renewal?on=2024-02-29"), 200, {"renewal": "2025-02-28"}),
    ("the day after the last", CLINIC, Ask("GET", "/tomorrow?on=2024-02-29"), 200, {"next": "2024-03-01"}),
    ("the end of a short month", CLINIC, Ask("GET", "/month-end?year=2024&month=2"), 200, {"end": "2024-02-29"}),
    (
        "the hour after the last",
        CLINIC,
        Ask("GET", "/hour-later?at=2024-02-29T23:10:00"),
        200,
        {"at": "2024-03-01T00:10:00"},
    ),
    ("a day that the client sent wrong", CLINIC, Ask("GET", "/birthday?day=31&month=2"), 400, None),
    ("more separators than asked for", CLINIC, Ask("GET", "/tag?of=a:b:c"), 200, {"group": "a", "name": "b:c"}),
    ("more parts than a format has", CLINIC, Ask("GET", "/clock?at=1:2:3"), 400, None),
    (
        "times without a zone",
        CLINIC,
        Ask("POST", "/slots", {"starts_at": "2024-05-01T10:00:00", "ends_at": "2024-05-01T10:30:00"}),
        200,
        {"minutes": 30, "zone": "UTC"},
    ),
    ("a record's own key leads nowhere", FLEET, Ask("POST", "/vans/1/dock"), 400, {"error": "van has no depot"}),
    (
        "a time without a zone against a helper's",
        FLEET,
        Ask("POST", "/vans/1/trips", {"leaves": "2024-05-01T10:00:00"}),
        200,
        {"hours": 10.0},
    ),
    ("a choice that is none", FLEET, Ask("GET", "/vans?state=lost"), 400, {"error": "unknown state: lost"}),
]


@pytest.mark.parametrize(("text", "failing", "status", "body"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_first_that_works_is_right(text: str | Mapping[str, str], failing: Ask, status: int, body: Any) -> None:
    before: Sequence[Ask] = ()
    _, healed = heal(text, before, failing)
    assert healed, "no candidate answers"
    candidate, answer = healed[0]
    assert (answer.status, answer.body if body is not None else None) == (status, body), candidate.changes[0].after
