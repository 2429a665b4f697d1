from starlette.testclient import TestClient

from app import app

client = TestClient(app)


def test_next():
    assert client.get("/stations/moos/next?at=07:20").json() == {"train": "RB 4103", "departs": "07:24", "wait": 4}


def test_next_to_the_minute():
    assert client.get("/stations/oberau/next?at=09:02").json()["wait"] == 0


def test_board():
    rows = client.get("/stations/hafen/board?at=17:00&count=3").json()
    assert [(r["departs"], r["wait"]) for r in rows] == [("17:41", 41), ("21:50", 290), ("05:41", 761)]


def test_count():
    assert client.get("/stations/hafen/board?count=11").status_code == 400


def test_time():
    assert client.get("/stations/hafen/next?at=24:00").status_code == 400


def test_unknown():
    assert client.get("/stations/utopia/next").status_code == 404
    assert client.get("/trains/rb-1").status_code == 404


def test_run():
    assert client.get("/trains/re-881").json() == [{"station": "Oberau", "departs": "09:02"}, {"station": "Hafen", "departs": "09:20"}]
