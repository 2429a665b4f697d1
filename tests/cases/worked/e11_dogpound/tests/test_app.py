import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    monkeypatch.setattr(service, "pound", service.Pound())


def arrive(name="Bo", kennel=1):
    return client.post("/dogs", json={"name": name, "arrived": "2024-07-01", "kennel": kennel})


def test_arrive():
    assert arrive().json() == {"number": 1, "name": "Bo", "arrived": "2024-07-01", "kennel": 1}
    assert client.get("/kennels").json()[0] == {"number": 1, "dogs": ["Bo"], "free": 1}


def test_full():
    arrive(kennel=5)
    assert arrive("Pim", kennel=5).status_code == 409


def test_no_such_kennel():
    assert arrive(kennel=3).status_code == 422


def test_move():
    arrive()
    assert client.post("/dogs/1/move", json={"kennel": 2}).json()["kennel"] == 2
    assert client.post("/dogs/1/move", json={"kennel": 2}).json()["kennel"] == 2
    assert [k["dogs"] for k in client.get("/kennels").json()] == [[], ["Bo"], []]


def test_move_to_a_full_one():
    arrive()
    arrive("Pim", kennel=5)
    assert client.post("/dogs/1/move", json={"kennel": 5}).status_code == 409


def test_leave():
    arrive()
    assert client.delete("/dogs/1").status_code == 204
    assert client.get("/dogs/1").status_code == 404
