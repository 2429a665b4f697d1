import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    for s in service.STATIONS.values():
        s.tracks.clear()


def play(start=100, seconds=200, artist="Ane Lund", title="Harbour Lights"):
    return client.post("/stations/fjord/plays", json={"artist": artist, "title": title, "start": start, "seconds": seconds})


def test_now():
    play()
    body = client.get("/stations/fjord/now?at=150").json()
    assert body["track"]["title"] == "Harbour Lights" and body["before"] is None


def test_between_tracks():
    play()
    assert client.get("/stations/fjord/now?at=300").json() == {"station": "Radio Fjord", "track": None, "before": "Ane Lund - Harbour Lights"}


def test_display():
    play()
    assert client.get("/stations/fjord/display?at=150").text == "Ane Lund - Harbour Lights"
    play(400, title="x" * 80)
    assert len(client.get("/stations/fjord/display?at=450").text) == 64


def test_order():
    play()
    assert play(50).status_code == 409


def test_history():
    play()
    play(300, title="Low Tide")
    assert client.get("/stations/fjord/history?since=200").json() == ["Ane Lund - Low Tide"]


def test_artist():
    play()
    assert client.get("/artists/ane lund").json() == {"fjord": 1, "nacht": 0}


def test_unknown():
    assert client.get("/stations/zz/display?at=1").status_code == 404
