import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.cards.clear()
    service.fills.clear()


def card(driver="Ulla"):
    return client.post("/cards", json={"driver": driver}).json()["card"]


def fill(number, fuel="diesel", litres=40):
    return client.post(f"/cards/{number}/fills", json={"fuel": fuel, "litres": litres})


def test_fill():
    number = card()
    assert fill(number).json() == {"card": number, "fuel": "diesel", "litres": 40, "cents": 6840}


def test_fills():
    number = card()
    fill(number)
    fill(number, "adblue", 10)
    assert [f["driver"] for f in client.get("/fills").json()] == ["Ulla", "Ulla"]
    assert [f["cents"] for f in client.get("/fills?fuel=adblue").json()] == [950]


def test_blocked():
    number = card()
    client.post(f"/cards/{number}/block")
    assert fill(number).status_code == 409


def test_wrong_fill():
    number = card()
    assert fill(number, "coal").status_code == 400
    assert fill(number, litres=0).status_code == 400
    assert fill("999").status_code == 404


def test_remove():
    number = card()
    assert client.delete(f"/cards/{number}").json() == {"removed": number}
    assert client.delete(f"/cards/{number}").status_code == 404


def test_drivers():
    first, second = card(), card("Kai")
    fill(first)
    fill(second, "e10", 10)
    client.delete(f"/cards/{second}")
    assert client.get("/drivers").json() == {"Ulla": 6840, "(card removed)": 1820}
