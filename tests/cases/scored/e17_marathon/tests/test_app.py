import json

import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean(tmp_path, monkeypatch):
    monkeypatch.setattr(service, "JOURNAL", tmp_path / "journal.jsonl")
    service.TIMES.clear()


def finish(bib, seconds):
    return client.post("/finishes", json={"bib": bib, "seconds": seconds})


def test_finish():
    r = finish(11, 9005)
    assert r.status_code == 201 and r.json() == {"bib": 11, "time": "2:30:05"}
    assert json.loads(service.JOURNAL.read_text()) == {"bib": 11, "seconds": 9005}


def test_twice():
    finish(11, 9005)
    assert finish(11, 9006).status_code == 409


def test_unknown():
    assert finish(99, 9005).status_code == 404


def test_results():
    finish(40, 8000)
    finish(11, 9005)
    finish(41, 7999)
    assert [r["bib"] for r in client.get("/results").json()] == [41, 40, 11]
    assert client.get("/results?group=W").json()[0]["place"] == 1


def test_runner():
    assert client.get("/runners/12").json() == {"name": "Lotte Vang", "class": "W", "place": None, "time": None}
