import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def empty_hall():
    service.SHOWS.update({1: service.new_show("Matinee"), 2: service.new_show("Evening")})


def test_hold_and_order():
    assert client.post("/shows/1/holds", json={"who": "ann", "seats": ["b3", "B4"]}).json()["held"] == ["B3", "B4"]
    assert client.post("/shows/1/orders", json={"who": "ann"}).json() == {"who": "ann", "sold": ["B3", "B4"]}
    assert client.get("/shows/1").json()["rows"]["B"][2:4] == ["sold", "sold"]


def test_taken():
    client.post("/shows/1/holds", json={"who": "ann", "seats": ["A1"]})
    assert client.post("/shows/1/holds", json={"who": "bob", "seats": ["A1"]}).status_code == 409


def test_not_a_seat():
    assert client.post("/shows/1/holds", json={"who": "ann", "seats": ["Z1"]}).status_code == 400


def test_block_row():
    client.post("/shows/1/holds", json={"who": "ann", "seats": ["A1"]})
    assert client.post("/shows/1/blocked/f").json() == {"blocked": ["F"], "dropped": {}}
    assert client.get("/shows/1").json()["rows"]["F"] == ["blocked"] * 8


def test_block_sold_row():
    client.post("/shows/1/holds", json={"who": "ann", "seats": ["C1"]})
    client.post("/shows/1/orders", json={"who": "ann"})
    assert client.post("/shows/1/blocked/C").status_code == 409


def test_unknown():
    assert client.get("/shows/9").status_code == 404
    assert client.get("/nowhere").status_code == 404
