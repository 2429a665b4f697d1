import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.CALLS.clear()
    for room in service.ROOMS.values():
        room.state = "clean"
        room.calls.clear()


def call(at="2024-07-01T09:20:00", room=101):
    return client.post("/calls", json={"room": room, "wish": "two towels", "at": at})


def test_call():
    r = call()
    assert r.status_code == 201 and r.json()["lead"] == "Marta"
    assert call("2024-07-01T14:00:00").json()["shift"] == "late"


def test_done():
    n = call().json()["call"]
    assert client.get("/rooms/101").json()["open_calls"] == [n]
    assert client.post(f"/calls/{n}/done").json()["done"] is True
    assert client.post(f"/calls/{n}/done").status_code == 409
    assert client.get("/rooms/101").json()["open_calls"] == []


def test_open_calls():
    call()
    call("2024-07-01T21:59:00", room=202)
    assert [c["room"] for c in client.get("/calls?shift=late").json()] == [202]
    assert client.get("/calls?shift=noon").status_code == 422


def test_state():
    assert client.put("/rooms/201/state", json={"state": "dirty"}).json() == {"room": 201, "state": "dirty"}
    assert client.put("/rooms/201/state", json={"state": "inspected"}).status_code == 409
    assert client.put("/rooms/999/state", json={"state": "clean"}).status_code == 404


def test_unknown_room():
    assert call(room=500).status_code == 404
