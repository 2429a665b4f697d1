import pytest
from fastapi.testclient import TestClient

from app import app
from payroll.db import Base, engine

client = TestClient(app)


@pytest.fixture(autouse=True)
def fresh():
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    client.post("/employees", json={"number": "A100", "name": "Ida Moss", "hourly_cents": 2000})


def add(day, minutes=480, number="A100"):
    return client.post(f"/employees/{number}/entries", json={"day": day, "minutes": minutes})


def test_slip():
    add("2024-03-01")
    add("2024-03-04", 90)
    add("2024-04-01")
    assert client.get("/employees/A100/slips/2024/3").json() == {"number": "A100", "month": "2024-03", "days": 2, "minutes": 570, "cents": 19000}
    assert client.get("/employees/A100/slips/2024/13").status_code == 404


def test_one_entry_per_day():
    add("2024-03-01")
    r = add("2024-03-01", 10)
    assert r.status_code == 409 and r.json()["error"] == "conflict"


def test_change():
    i = add("2024-03-01").json()["id"]
    assert client.patch(f"/entries/{i}", json={"minutes": 60}).json()["minutes"] == 60
    assert client.patch(f"/entries/{i}", json={"day": "2024-03-02"}).json() == {"id": i, "day": "2024-03-02", "minutes": 60, "comment": ""}
    assert client.patch("/entries/99", json={}).status_code == 404
    assert client.get("/employees/A100/changes").json() == ["added 2024-03-01 480", "changed 2024-03-01 60", "changed 2024-03-02 60"]


def test_closed():
    i = add("2024-03-01").json()["id"]
    j = add("2024-04-01").json()["id"]
    client.post("/employees/A100/close?until=2024-03-31")
    assert client.patch(f"/entries/{i}", json={"minutes": 60}).status_code == 409
    assert client.patch(f"/entries/{j}", json={"day": "2024-03-30"}).status_code == 409
    assert client.delete(f"/entries/{i}").status_code == 409
    assert client.delete(f"/entries/{j}").status_code == 204


def test_hire():
    r = client.post("/employees", json={"number": "A100", "name": "Another", "hourly_cents": 2000})
    assert r.status_code == 409
    assert client.get("/employees/B100").json()["error"] == "not_found"
