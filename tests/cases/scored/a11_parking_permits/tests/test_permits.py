from datetime import datetime, timedelta, timezone

import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.REGISTER.clear()


def apply(**kw):
    return client.post("/permits", json={"plate": "ka-xy 12", "zone": "A", "start": "2024-03-01T00:00:00", "end": "2024-03-31T22:00:00+02:00", **kw})


def allowed(at, plate="KAXY12", zone="A"):
    return client.get("/permits/check", params={"plate": plate, "zone": zone, "at": at}).json()["allowed"]


def test_apply():
    body = apply().json()
    assert body["plate"] == "KAXY12" and body["start"] == "2024-03-01T00:00:00+00:00" and body["end"] == "2024-03-31T20:00:00+00:00"


def test_check():
    apply()
    assert allowed("2024-03-10T12:00:00Z")
    assert allowed("2024-03-31T22:05:00+02:00")
    assert not allowed("2024-03-31T22:15:00+02:00")
    assert not allowed("2024-03-10T12:00:00Z", zone="B")


def test_check_now():
    now = datetime.now(timezone.utc)
    apply(start=(now - timedelta(days=1)).isoformat(), end=(now + timedelta(days=1)).isoformat())
    assert client.get("/permits/check?plate=KA%20XY12&zone=A").json()["allowed"] is True


def test_revoked():
    n = apply().json()["number"]
    client.delete(f"/permits/{n}")
    assert not allowed("2024-03-10T12:00:00Z")


def test_extend():
    n = apply().json()["number"]
    assert client.put(f"/permits/{n}/end", json={"end": "2024-04-30T20:00:00"}).json()["end"] == "2024-04-30T20:00:00+00:00"
    assert client.put(f"/permits/{n}/end", json={"end": "2026-04-30T20:00:00"}).status_code == 422


def test_refused():
    assert apply(zone="Q").status_code == 422
    assert client.get("/permits/1").status_code == 404
