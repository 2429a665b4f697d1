from datetime import date

import pytest
from fastapi.testclient import TestClient

import app as service
from series import days_of

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.diary.visits.clear()


def series(day="2024-11-15", every="month", times=3, at="10:00", therapist="amara"):
    return client.post("/series", json={"therapist": therapist, "patient": "P. Olsen", "day": day, "at": at, "every": every, "times": times})


def test_monthly():
    assert [v["day"] for v in series().json()["visits"]] == ["2024-11-15", "2024-12-15", "2025-01-15"]


def test_december_to_january():
    assert days_of(date(2023, 12, 31), "month", 2) == [date(2023, 12, 31), date(2024, 1, 31)]


def test_weekly():
    assert [v["day"] for v in series("2024-02-26", "week").json()["visits"]] == ["2024-02-26", "2024-03-04", "2024-03-11"]


def test_clash():
    client.post("/visits", json={"therapist": "amara", "patient": "x", "day": "2024-12-15", "at": "10:00"})
    r = series()
    assert r.status_code == 409 and r.json() == {"code": "taken", "detail": "2024-12-15 10:00 is taken"}
    assert len(client.get("/therapists/amara/visits").json()) == 1


def test_cancel():
    number = series(every="fortnight").json()["series"]
    assert client.delete(f"/series/{number}?since=2024-11-20").json() == {"cancelled": ["2024-11-29", "2024-12-13"]}
    assert client.delete("/series/999?since=2024-11-20").status_code == 404


def test_unknown():
    assert series(therapist="zoe").json()["code"] == "no-therapist"
    assert series(times=1).status_code == 422
