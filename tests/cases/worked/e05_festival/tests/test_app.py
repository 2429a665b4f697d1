import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.SCREENINGS.clear()


def plan(slot="Rex 19:30", film="salt", day=2):
    return client.post("/screenings", json={"film": film, "day": day, "slot": slot})


def test_schedule():
    body = plan().json()
    assert (body["film"], body["hall"], body["start"], body["left"]) == ("Salt", "Rex", "19:30", 220)


def test_hall_is_taken():
    plan()
    assert plan("Rex 20:00").status_code == 409
    assert plan("Atrium 20:00").status_code == 201


def test_unknown_hall():
    assert plan("Luna 19:30").status_code == 422


def test_time():
    assert plan("Rex 24:30").status_code == 422


def test_programme():
    plan()
    plan("Atrium 09:00", film="the-weir")
    assert [s["start"] for s in client.get("/screenings?day=2").json()] == ["09:00", "19:30"]


def test_tickets():
    number = plan().json()["id"]
    assert client.post(f"/screenings/{number}/tickets", json={"seats": 4}).json()["left"] == 216
    assert client.post("/screenings/999/tickets", json={"seats": 4}).status_code == 404
