import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def fresh():
    halls = {name: dict(rows) for name, rows in service.HALLS.items()}
    yield
    service.SHOWS.clear()
    service.HALLS.clear()
    service.HALLS.update(halls)


def show(hall="studio"):
    return client.post("/shows", json={"title": "Woyzeck", "hall": hall}).json()["id"]


def test_create():
    r = client.post("/shows", json={"title": " Tosca ", "hall": "opera"})
    assert r.status_code == 201 and r.json()["title"] == "Tosca" and r.json()["seats"] == 44
    assert client.post("/shows", json={"title": "x", "hall": "barn"}).status_code == 400


def test_sell():
    n = show()
    assert client.post(f"/shows/{n}/seats", json={"seat": "B2", "buyer": "ida"}).json() == {"seat": "B2", "left": 15}
    assert client.post(f"/shows/{n}/seats", json={"seat": "B2"}).status_code == 409
    assert client.post(f"/shows/{n}/seats", json={"seat": "A5"}).status_code == 404
    assert client.get(f"/shows/{n}/seats").json() == {"A": "....", "B": ".x....", "C": "......"}


def test_shorten():
    n = show()
    assert client.patch(f"/shows/{n}/rows", json={"row": "C", "seats": 4}).json()["seats"] == 14
    assert client.patch(f"/shows/{n}/rows", json={"row": "C", "seats": 5}).status_code == 400
    assert client.patch(f"/shows/{n}/rows", json={"row": "C", "seats": 0}).json()["seats"] == 10
    assert client.patch(f"/shows/{n}/rows", json={"row": "C", "seats": 0}).status_code == 404


def test_shorten_sold():
    n = show()
    client.post(f"/shows/{n}/seats", json={"seat": "B6"})
    assert client.patch(f"/shows/{n}/rows", json={"row": "B", "seats": 5}).status_code == 409


def test_halls():
    assert client.get("/halls").json() == {"studio": 16, "opera": 44}


def test_unknown():
    assert client.get("/shows/999/seats").json() == {"error": "no such show"}
