import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def restore():
    saved = {k: list(v) for k, v in service.SWITCHES.items()}
    yield
    service.SWITCHES.clear()
    service.SWITCHES.update(saved)


def test_state_during_the_sale():
    r = client.get("/switches/night-sale/state", params={"at": "2024-11-29T22:00:00+00:00"})
    assert r.json() == {"key": "night-sale", "on": True, "changes": "2024-11-30T04:00:00+00:00"}


def test_state_before_and_after():
    assert client.get("/switches/night-sale/state?at=2024-11-01T00:00:00Z").json()["changes"] == "2024-11-29T20:00:00+00:00"
    assert client.get("/switches/night-sale/state").json()["on"] is False


def test_add_without_offset():
    r = client.post("/switches/new-search/windows", json={"from": "2025-01-01T00:00", "until": "2025-01-02T00:00"})
    assert r.status_code == 201
    assert r.json()["windows"] == [{"from": "2025-01-01T00:00:00+00:00", "until": "2025-01-02T00:00:00+00:00"}]


def test_overlap():
    body = {"from": "2024-11-30T05:00+02:00", "until": "2024-11-30T12:00+02:00"}
    assert client.post("/switches/night-sale/windows", json=body).status_code == 409


def test_bad_time():
    assert client.get("/switches/night-sale/state?at=tomorrow").json()["code"] == "bad_time"
    assert client.post("/switches/new-search/windows", json={"from": 5}).status_code == 400


def test_unknown():
    assert client.get("/switches/zzz").status_code == 404


def test_clear():
    assert client.delete("/switches/night-sale/windows").json()["removed"] == 1
