import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.STALLS.clear()


def new(name="Cheese Ann", pitch="C14", goods="cheese"):
    return client.post("/stalls", json={"name": name, "goods": goods, "pitch": pitch})


def test_register():
    assert new(pitch=" c14").get_json()["pitch"] == "C14"


def test_bad_pitch():
    for pitch in ("C0", "14", "Z1", "C140"):
        assert new(pitch=pitch).status_code == 400


def test_taken():
    new()
    assert new(name="Other", pitch="c14").status_code == 409


def test_move():
    new()
    assert client.put("/stalls/Cheese Ann/pitch", json={"pitch": "A2"}).get_json()["pitch"] == "A2"
    assert client.put("/stalls/Nobody/pitch", json={"pitch": "A2"}).status_code == 404


def test_map():
    new()
    new("Olives", "C2", "olives")
    assert client.get("/map").get_json() == {"C": [{"number": 2, "stall": "Olives"}, {"number": 14, "stall": "Cheese Ann"}]}


def test_goods():
    new()
    assert client.get("/stalls?goods=bread").get_json() == []
