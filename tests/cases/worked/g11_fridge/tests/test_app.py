import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    with service.db:
        service.db.execute("DELETE FROM items")


def bring(what="half a cake", keeps_until="2024-05-03"):
    return client.post("/items", json={"what": what, "keeps_until": keeps_until}).json()["id"]


def test_pages():
    ids = [bring() for _ in range(5)]
    first = client.get("/items?limit=3").json()
    second = client.get("/items", params={"limit": 3, "after": first["next"]}).json()
    assert [i["id"] for i in first["items"] + second["items"]] == ids
    assert second["next"] is None


def test_not_a_cursor():
    assert client.get("/items?after=MTI").status_code == 400


def test_take():
    i = bring()
    assert client.post(f"/items/{i}/take", json={"name": "Lu"}).json()["taken_by"] == "Lu"
    assert client.post(f"/items/{i}/take", json={"name": "Mo"}).status_code == 409
    assert client.get("/items").json()["items"] == []


def test_expired():
    bring()
    bring(keeps_until="2024-05-09")
    assert client.delete("/expired?today=2024-05-04").json() == {"removed": 1}


def test_unknown():
    assert client.get("/items/99999").status_code == 404
