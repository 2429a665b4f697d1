import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.LESSONS.clear()


def lesson(start="2024-03-04T15:00:00", **kw):
    return {"tutor": "vera", "pupil": "tim", "subject": "maths", "start": start, **kw}


def test_create_is_utc():
    assert client.post("/lessons", json=lesson()).json()["start"] == "2024-03-04T15:00:00+00:00"
    assert client.post("/lessons", json=lesson("2024-03-04T15:00:00+02:00")).json()["start"] == "2024-03-04T13:00:00+00:00"


def test_since():
    client.post("/lessons", json=lesson())
    assert len(client.get("/lessons?since=2024-03-04T15:00:00").json()) == 1
    assert client.get("/lessons?since=2024-03-05T00:00:00Z").json() == []


def test_sheet():
    r = client.post("/sheets", json={"lessons": [lesson("2024-03-05T09:00:00Z"), lesson("2024-03-04T09:00:00Z", minutes=90)]})
    assert len(r.json()["added"]) == 2
    assert [x["minutes"] for x in client.get("/lessons").json()] == [90, 60]


def test_sheet_all_or_nothing():
    assert client.post("/sheets", json={"lessons": [lesson(), lesson(subject="golf")]}).status_code == 422
    assert client.get("/lessons").json() == []


def test_total():
    client.post("/lessons", json=lesson(minutes=45))
    assert client.get("/tutors/vera/total").json() == {"lessons": 1, "minutes": 45, "cents": 2400}


def test_delete_unknown():
    assert client.delete("/lessons/77").status_code == 404
