import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    for station in service.STATIONS.values():
        station.readings.clear()


def record(code, value, at="2024-05-01T06:00", quantity="temperature"):
    return client.post(f"/stations/{code}/readings", json={"at": at, "quantity": quantity, "value": value})


def test_latest():
    record("pass", 4, "2024-05-01T07:00")
    record("pass", 2)
    assert client.get("/stations/pass/latest").get_json()["value"] == 4


def test_nothing_measured():
    answer = client.get("/stations/pass/latest?quantity=wind")
    assert answer.status_code == 404 and answer.get_json() == {"detail": "pass has no wind"}


def test_range():
    record("pass", 2)
    record("pass", 5)
    assert client.get("/stations/pass/range").get_json() == {"low": 2, "high": 5, "readings": 2}


def test_difference():
    record("pass", 3)
    record("valley", 12)
    assert client.get("/difference?a=pass&b=valley").get_json() == {"difference": -9, "per_100m": -0.596, "unit": "°C"}


def test_same_station():
    assert client.get("/difference?a=pass&b=pass").status_code == 400


def test_bad_reading():
    assert record("pass", "cold").status_code == 400
    assert record("moon", 3).status_code == 404
