import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.ITEMS.clear()


def found(what="umbrella", on="2024-03-05", **kw):
    return client.post("/items", json={"what": what, "where": "platform 4", "on": on, **kw}).json()


def test_tags():
    assert [found()["tag"], found()["tag"], found(on="2025-01-01")["tag"]] == ["LF24-0001", "LF24-0002", "LF25-0001"]


def test_show():
    found()
    assert client.get("/items/lf24-0001").json()["what"] == "umbrella"
    assert client.get("/items/LF24-0002").status_code == 404


def test_claim():
    found()
    assert client.post("/claims", json={"tag": "LF24-0001", "name": "Ola"}).json()["claimed_by"] == "Ola"
    assert client.post("/claims", json={"tag": "LF24-0001", "name": "Per"}).status_code == 409


def test_search():
    found(colour="Red")
    found("scarf")
    assert [i["tag"] for i in client.get("/items?colour=red").json()] == ["LF24-0001"]


def test_shelving():
    found()
    found()
    assert client.post("/shelving", json={"tags": ["LF24-0001", "LF24-0009"], "shelf": "A"}).status_code == 404
    assert client.get("/items/LF24-0001").json()["shelf"] is None


def test_auction():
    found()
    found(on="2024-08-20")
    assert client.get("/auction?today=2024-09-30").json() == ["LF24-0001"]
