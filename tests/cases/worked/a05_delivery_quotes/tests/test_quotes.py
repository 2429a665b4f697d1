from fastapi.testclient import TestClient

from app import app

client = TestClient(app)


def quote(at="2024-05-06T12:15:00", **kw):
    return client.post("/quotes", json={"kitchen": "roma", "km": 2, "cents": 1800, "deliver_at": at, **kw})


def test_lunch():
    assert quote().json() == {"kitchen": "roma", "way": 310, "rush": 150, "heavy": 0, "total": 460}


def test_dinner():
    assert quote("2024-05-06T21:59:00").json()["rush"] == 200


def test_quiet():
    assert quote("2024-05-06T09:00:00").json()["rush"] == 0
    assert quote("2024-05-06T15:30:00").json()["total"] == 310


def test_large_and_heavy():
    assert quote(cents=4000, grams=9000).json() == {"kitchen": "roma", "way": 0, "rush": 150, "heavy": 250, "total": 400}


def test_reach():
    assert quote(km=5.1).status_code == 409
    assert quote(kitchen="none").status_code == 404
    assert [k["slug"] for k in client.get("/kitchens?km=6").json()] == ["pho"]
