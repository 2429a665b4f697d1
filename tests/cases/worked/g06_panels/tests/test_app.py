import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.store.clear()


def new(**kw):
    return client.post("/panels", json={"name": "Commuters", **kw}).json()["id"]


def test_without_topics():
    assert client.get(f"/panels/{new()}").json()["topics"] == []


def test_add_topic():
    i = new(topics=["trains"])
    assert client.post(f"/panels/{i}/topics", json={"topic": "parking"}).json()["topics"] == ["trains", "parking"]
    assert client.post(f"/panels/{i}/topics", json={"topic": "parking"}).status_code == 409


def test_drop_topic():
    i = new(topics=["trains", "parking"])
    assert client.delete(f"/panels/{i}/topics/trains").json()["topics"] == ["parking"]
    assert client.delete(f"/panels/{i}/topics/trains").status_code == 404


def test_change():
    i = new(topics=["trains"])
    body = client.patch(f"/panels/{i}", json={"name": "Riders", "topics": ["buses"]}).json()
    assert body["name"] == "Riders" and body["topics"] == ["buses"] and body["size"] == 50


def test_filter():
    i, _ = new(topics=["trains"]), new()
    assert [p["id"] for p in client.get("/panels?topic=trains").json()] == [i]
    assert len(client.get("/panels?topic=household").json()) == 2


def test_join():
    i = new(size=1)
    assert client.post(f"/panels/{i}/members", json={"email": "A@x.example"}).json()["members"] == 1
    assert client.post(f"/panels/{i}/members", json={"email": "b@x.example"}).status_code == 409


def test_unknown():
    assert client.patch("/panels/99", json={}).status_code == 404
