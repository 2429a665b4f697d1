import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.ALBUMS.clear()
    client.put("/albums/gold")


def add(**kw):
    return client.post("/albums/gold/coins", json={"title": "Ducat", "country": "AT", "year": 1915, "cents": 28000, **kw})


def test_summary():
    add()
    add(title="Florin", country="HU", year=1869, cents=41000)
    add(title="Token", year=None, cents=0)
    assert client.get("/albums/gold/summary").json() == {
        "name": "gold", "coins": 3, "cents": 69000, "best": "Florin", "oldest": 1869, "newest": 1915}


def test_countries():
    add(), add(), add(country="HU")
    assert client.get("/albums/gold/countries").json() == {"AT": 2, "HU": 1}


def test_filter():
    add()
    assert len(client.get("/albums/gold/coins?country=at").json()) == 1
    assert client.get("/albums/gold/coins?country=hu").json() == []


def test_exists():
    assert client.put("/albums/gold").status_code == 409


def test_give_away():
    i = add().json()["id"]
    assert client.delete(f"/albums/gold/coins/{i}").status_code == 204
    assert client.delete(f"/albums/gold/coins/{i}").status_code == 404


def test_unknown():
    assert client.get("/albums/tin/summary").status_code == 404
