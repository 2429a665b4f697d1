import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.ledger.clear()


def test_car():
    assert client.post("/stations/bridge/passages", json={"plate": "ab-123"}).get_json()["cents"] == 240


def test_lorry():
    assert client.post("/stations/pass/passages", json={"plate": "LK-900"}).get_json()["cents"] == 4950


def test_unknown_plate():
    assert client.post("/stations/pass/passages", json={"plate": "ZZ-1"}).status_code == 404


def test_no_plate():
    assert client.post("/stations/pass/passages", json={}).status_code == 400


def test_due():
    for station in ("bridge", "tunnel"):
        client.post(f"/stations/{station}/passages", json={"plate": "MC-7"})
    assert client.get("/plates/mc-7/due").get_json() == {"plate": "MC-7", "cents": 380}


def test_unknown_station():
    assert client.get("/stations/ferry/passages").status_code == 404
