import pytest
from fastapi.testclient import TestClient

import app as service
from meters import Meters

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    monkeypatch.setattr(service, "meters", Meters())
    service.STATEMENTS.clear()


def read(day, kwh, serial="E-7001"):
    return client.post(f"/meters/{serial}/readings", json={"day": day, "kwh": kwh})


def test_statement():
    read("2024-01-01", 100)
    read("2024-02-01", 350)
    assert client.post("/meters/E-7001/statements").json() == {
        "number": 1, "serial": "E-7001", "until": "2024-02-01", "kwh": 250, "price": 29.9, "cents": 7475}
    assert client.get("/meters/E-7001").json()["billed_until"] == "2024-02-01"


def test_second_statement_continues():
    for day, kwh in (("2024-01-01", 100), ("2024-02-01", 350)):
        read(day, kwh)
    client.post("/meters/E-7001/statements")
    assert client.post("/meters/E-7001/statements").status_code == 409
    read("2024-03-01", 400)
    assert client.post("/meters/E-7001/statements").json()["kwh"] == 50
    assert len(client.get("/meters/E-7001/statements").json()) == 2


def test_readings_go_up():
    read("2024-01-01", 100)
    assert read("2024-01-01", 120).status_code == 409
    assert read("2024-02-01", 99).status_code == 409


def test_unknown():
    assert client.post("/meters/E-1/statements").status_code == 404
