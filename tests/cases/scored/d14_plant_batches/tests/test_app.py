import pytest
from starlette.testclient import TestClient

from app import BATCHES, app

client = TestClient(app)


@pytest.fixture(autouse=True)
def clean():
    BATCHES.clear()


def new(**kw):
    return client.post("/batches", json={"species": "basil", "plants": 100, "day": "2024-03-01", **kw}).json()["id"]


def test_losses():
    n = new()
    assert client.post(f"/batches/{n}/losses", json={"plants": 7, "reason": "snails"}).json()["left"] == 93
    assert client.get(f"/batches/{n}").json()["notes"] == ["7 lost: snails"]


def test_sales():
    n = new()
    assert client.post(f"/batches/{n}/sales", json={"plants": 60}).json()["left"] == 40
    assert client.post(f"/batches/{n}/sales", json={"plants": 41}).status_code == 409


def test_bought():
    r = client.post("/batches", json={"species": "begonia", "plants": 50, "day": "2024-03-01", "supplier": "Flora", "age": 80})
    assert r.json()["source"] == "bought" and r.json()["supplier"] == "Flora"
    assert client.post(f"/batches/{r.json()['id']}/sales", json={"plants": 20}).json()["left"] == 30


def test_ready():
    new()
    bought = new(supplier="Flora", age=30)
    assert [b["id"] for b in client.get("/batches?ready_on=2024-03-12").json()] == [bought]


def test_claims():
    new(supplier="Flora")
    assert client.get("/claims").json() == {}


def test_unknown():
    assert client.get("/batches/99999").status_code == 404
    assert client.post("/batches", json={"species": "oak", "plants": 1, "day": "2024-03-01"}).status_code == 422
