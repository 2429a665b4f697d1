import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.ALERTS.clear()
    service.OUTBOX.clear()
    for loads in service.LOADS.values():
        loads.clear()


def load(kw, hour=8, feeder="south"):
    return client.post(f"/feeders/{feeder}/loads", json={"at": f"2024-01-10T{hour:02}:00:00", "kw": kw})


def alert(**kw):
    return client.post("/alerts", json={"feeder": "south", "above": 200, "phone": "+49170000", **kw})


def test_alert():
    i = alert().json()["id"]
    assert load(200).json()["alerts"] == []
    assert load(200.5, 9).json() == {"feeder": "south", "loads": 2, "alerts": [i]}
    load(230, 10)
    assert client.get("/alerts").json()[0]["fired"] == 2
    assert client.get("/outbox").json()[0] == {"to": "+49170000", "text": "south: 200.5 kW"}


def test_alert_for_once_waits():
    alert(mode="once")
    load(150)
    load(500, feeder="quay")
    assert len(client.get("/alerts?feeder=south").json()) == 1


def test_order():
    load(10, 9)
    assert load(10, 9).json() == {"refused": "loads come in order"}


def test_peak():
    assert client.get("/feeders/south/peak").json() == {"feeder": "south", "kw": 0.0, "percent": 0}
    load(200, 1)
    load(100, 9)
    assert client.get("/feeders/south/peak").json()["percent"] == 80
    assert client.get("/feeders/south/peak?hours=3").json()["kw"] == 100


def test_refused():
    assert alert(feeder="west").status_code == 404
    assert alert(phone="none").status_code == 422
    assert client.delete("/alerts/99").status_code == 404
