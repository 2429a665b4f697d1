import pytest

import catalogue
from app import app

client = app.test_client()


@pytest.fixture(autouse=True)
def fresh():
    catalogue.ITEMS.clear()
    catalogue.ITEMS.update(catalogue.seed())


def everything_shown():
    client.put("/items/2003.9/place", json={"room": 3, "case": "b"})


def test_rooms():
    assert client.get("/rooms").get_json()[0] == {"room": 1, "name": "Foyer"}
    assert client.get("/rooms/9").status_code == 404


def test_room():
    everything_shown()
    assert client.get("/rooms/2").get_json()["cases"] == {"A": ["1901.3", "1988.2"], "B": ["1901.4"]}


def test_labels():
    everything_shown()
    text = client.get("/rooms/3/labels").get_data(as_text=True)
    assert text == "Models\nA  Orrery. J. Rowley, 1712 (1934.17)\nB  Theodolite. J. Ramsden, 1787 (2003.9)\n"


def test_whereabouts():
    assert client.get("/items/2003.9").get_json()["where"] == "in store"
    assert client.get("/items/1934.17").get_json()["where"] == "room 3, case A"


def test_loan():
    loan = {"borrower": "Leiden", "until": "2025-05-01"}
    assert client.post("/items/1934.17/loan", json=loan).get_json()["where"] == "on loan to Leiden until 2025-05-01"
    assert client.post("/items/1934.17/loan", json=loan).status_code == 409


def test_bad_place():
    assert client.put("/items/1934.17/place", json={"room": 3}).status_code == 400
    assert client.put("/items/1934.17/place", json={"room": 8, "case": "A"}).status_code == 404
