import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.reset()


def numbers(sort):
    return [p["number"] for p in client.get(f"/plots?sort={sort}").json()]


def test_sorts():
    assert numbers("number") == [1, 2, 3]
    assert numbers("size") == [2, 1, 3]
    assert numbers("tenant") == [3, 1, 2]


def test_unknown_sort():
    assert client.get("/plots?sort=colour").status_code == 400


def test_add():
    assert client.post("/plots", json={"size": 200}).json() == {"number": 4, "size": 200, "tenant": None, "shed": False}
    assert client.post("/plots", json={"size": "big"}).status_code == 400


def test_let():
    assert client.put("/plots/2/tenant", json={"tenant": "Ngo"}).json()["tenant"] == "Ngo"
    assert client.put("/plots/2/tenant", json={"tenant": "Lee"}).status_code == 409


def test_rent():
    assert client.get("/plots/1/rent").json() == {"number": 1, "cents": 9900}
    client.post("/plots", json={})
    assert client.get("/plots/4/rent").status_code == 409


def test_unknown():
    assert client.get("/plots/77/rent").status_code == 404
