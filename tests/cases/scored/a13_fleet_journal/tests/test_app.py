import json

import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.setattr(service, "journal", service.Journal(tmp_path / "j.ndjson"))
    for track in service.VANS.values():
        track.clear()


def report(minute=0, km=100, van="vega"):
    return client.post(f"/vans/{van}/positions", json={"at": f"2024-06-01T08:{minute:02}:00Z", "lat": 48.1, "lon": 11.5, "km": km})


def test_report():
    assert report().json() == {"van": "vega", "entry": 1}
    line = json.loads(service.journal.path.read_text())
    assert line["kind"] == "position" and line["van"] == "vega" and line["km"] == 100


def test_order():
    report(5)
    assert report(5).status_code == 409
    assert report(6, km=99).status_code == 409
    assert client.get("/journal").json() == {"entries": 1}


def test_distance():
    assert client.get("/vans/vega/distance").json()["km"] == 0
    report()
    report(9, km=112)
    assert client.get("/vans/vega/distance").json()["km"] == 12


def test_last():
    assert client.get("/vans/kastor/last").status_code == 404
    report(van="kastor")
    assert client.get("/vans/kastor/last").json()["km"] == 100


def test_unknown():
    assert report(van="sirius").status_code == 404
