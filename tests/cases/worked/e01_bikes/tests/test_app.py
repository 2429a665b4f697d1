import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.reset()


def test_rent_and_return():
    assert client.post("/bikes/1/rent", json={"customer": "ida"}).status_code == 200
    assert client.get("/bikes").json()[0] == {"number": 1, "model": "city", "station": None, "free": False}
    back = client.post("/bikes/1/return", json={"station": "H", "km": 7}).json()
    assert back == {"number": 1, "km": 127, "station": "Harbour"}


def test_twice():
    client.post("/bikes/1/rent", json={"customer": "ida"})
    assert client.post("/bikes/1/rent", json={"customer": "jon"}).status_code == 409


def test_station():
    assert client.get("/stations/H").json() == {"name": "Harbour", "bikes": [2, 3]}
    assert client.get("/stations/Q").status_code == 404


def test_workshop():
    assert client.get("/workshop").json() == [{"number": 3, "km": 730, "station": "Harbour", "free": True}]


def test_unknown_station():
    client.post("/bikes/4/rent", json={"customer": "ida"})
    assert client.post("/bikes/4/return", json={"station": "Q", "km": 1}).status_code == 422


def test_unknown_bike():
    assert client.post("/bikes/40/rent", json={"customer": "ida"}).status_code == 404
