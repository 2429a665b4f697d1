import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    with service.db:
        service.db.execute("DELETE FROM lots")


def picked(day="2023-09-20", grape="riesling"):
    i = client.post("/lots", json={"parcel": "south wall", "grape": grape}).json()["id"]
    client.post(f"/lots/{i}/picking", json={"picked_on": day, "kilos": 410.5, "vessel": "T2"})
    return i


def test_new_lot():
    body = client.post("/lots", json={"parcel": "a", "grape": "gamay"}).json()
    assert body["picked_on"] is None and body["picked_in_week"] is None


def test_picking():
    body = client.get(f"/lots/{picked()}").json()
    assert body["picked_in_week"] == 38 and body["kilos"] == 410.5


def test_picked_twice():
    i = picked()
    assert client.post(f"/lots/{i}/picking", json={"picked_on": "2023-09-21", "kilos": 1}).status_code == 409


def test_cellar():
    i = picked()
    assert client.get("/cellar?on=2023-10-01").json() == [{"lot": i, "grape": "riesling", "kilos": 410.5, "vessel": "T2", "days": 11}]


def test_grapes():
    picked()
    assert client.get("/grapes").json() == {"riesling": 410.5}


def test_unknown():
    assert client.get("/lots/99").status_code == 404
