import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete
from sqlalchemy.orm import Session

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    with Session(service.engine) as s:
        s.execute(delete(service.Booking))
        s.execute(delete(service.Person))
        s.commit()
    client.post("/people", json={"login": "ada", "name": "Ada Brandt"})


def book(**kw):
    return client.post("/rooms/elm/bookings", json={"title": "Budget", "starts": "2024-05-06T09:00:00", "minutes": 90, "organiser": "ada", **kw})


def test_notice():
    i = book().json()["id"]
    assert client.get(f"/bookings/{i}/notice").text == "BUDGET\n06.05.2024 09:00-10:30\nOrganiser: Ada Brandt\n"


def test_meetings_stay():
    book()
    assert client.delete("/people/ada").status_code == 204
    assert [b["organiser"] for b in client.get("/rooms/elm/bookings").json()] == ["facility desk"]


def test_unknown_organiser():
    assert book(organiser="zed").status_code == 404


def test_login_taken():
    assert client.post("/people", json={"login": "ada", "name": "A"}).status_code == 409


def test_unknown():
    assert client.get("/rooms/ash/bookings").status_code == 404
    assert client.get("/bookings/99/notice").status_code == 404
