import pytest
from fastapi.testclient import TestClient

from app import app, prepare
from house.db import Base, engine

client = TestClient(app)


@pytest.fixture(autouse=True)
def clean():
    Base.metadata.drop_all(engine)
    prepare()


def join(name="Nuria", email="nuria@mail.example"):
    return client.post("/members", json={"name": name, "email": email})


def test_join():
    assert join().json() == {"id": 1, "name": "Nuria", "email": "nuria@mail.example", "plan": "flex", "active": True}


def test_address_in_use():
    join()
    r = join("Other", " NURIA@mail.example")
    assert r.status_code == 409 and r.json()["error"] == "conflict"


def test_change_plan():
    n = join().json()["id"]
    assert client.patch(f"/members/{n}", json={"plan": "fixed"}).json()["plan"] == "fixed"
    assert client.get(f"/members/{n}/log").json() == ["joined", "changed plan"]
    assert client.patch(f"/members/{n}", json={"email": "N@mail.example"}).json()["email"] == "n@mail.example"


def test_desk_taken():
    n = join().json()["id"]
    body = {"desk": "a1", "member_id": n, "day": "2024-09-02"}
    assert client.post("/bookings", json=body).json()["desk"] == "A1"
    assert client.post("/bookings", json=body).status_code == 409


def test_move():
    n = join().json()["id"]
    b = [client.post("/bookings", json={"desk": "A1", "member_id": n, "day": f"2024-09-0{d}"}).json()["id"] for d in (2, 3)]
    assert client.patch(f"/bookings/{b[0]}", json={"day": "2024-09-03"}).status_code == 409
    assert client.patch(f"/bookings/{b[0]}", json={"day": "2024-09-04"}).status_code == 200


def test_free():
    n = join().json()["id"]
    client.post("/bookings", json={"desk": "S1", "member_id": n, "day": "2024-09-02"})
    assert [d["code"] for d in client.get("/desks/free?day=2024-09-02").json()] == ["A1", "A2", "L1", "L2"]


def test_leave():
    n = join().json()["id"]
    client.post("/bookings", json={"desk": "S1", "member_id": n, "day": "2024-09-02"})
    assert client.post(f"/members/{n}/leave").status_code == 409


def test_unknown():
    assert client.get("/members/8").status_code == 404
    assert client.get("/desks/Z9").json() == {"error": "not_found", "message": "no such desk"}
