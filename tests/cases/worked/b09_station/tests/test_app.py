import json

import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean(tmp_path, monkeypatch):
    monkeypatch.setattr(service.readings.log, "path", str(tmp_path / "log"))
    service.readings.rows.clear()


def send(value, at="2024-05-01T06:00", kind="temperature", station="mill"):
    return client.post(f"/stations/{station}/readings", json={"at": at, "kind": kind, "value": value})


def test_stored():
    assert send(7.5).status_code == 201
    line = open(service.readings.log.path).read()
    assert json.loads(line) == {"station": "mill", "at": "2024-05-01T06:00", "kind": "temperature", "value": 7.5}


def test_sent_again():
    send(7.5)
    assert send(7.5).status_code == 200
    assert len(open(service.readings.log.path).readlines()) == 1


def test_read_back():
    send(7.5)
    again = service.Readings(service.ReadingLog(service.readings.log.path))
    assert again.values("mill", "2024-05-01", "temperature") == [7.5]


def test_refused():
    assert send(99).status_code == 400
    assert send(5, kind="snow").status_code == 400
    assert send(5, station="moon").status_code == 404


def test_day():
    send(7.5)
    send(12, at="2024-05-01T14:00")
    send(1.2, kind="rain")
    assert client.get("/stations/mill/days/2024-05-01").get_json() == {"day": "2024-05-01", "low": 7.5, "high": 12, "rain": 1.2, "gust": None}
