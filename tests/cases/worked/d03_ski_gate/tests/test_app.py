from fastapi.testclient import TestClient

from app import app

client = TestClient(app)


def sell(product="day", starts="2025-01-18T07:30:00"):
    return client.post("/passes", json={"product": product, "starts": starts}).json()["number"]


def scan(number, at, gate="valley"):
    return client.post(f"/gates/{gate}/scans", json={"pass_number": number, "at": at}).json()


def test_sale_with_offset():
    n = sell(starts="2025-01-18T08:30:00+01:00")
    assert client.get(f"/passes/{n}").json()["ends"] == "2025-01-18T16:30:00Z"


def test_scan():
    n = sell()
    assert scan(n, "2025-01-18T08:00:00") == {"open": True, "reason": None}
    assert client.get(f"/passes/{n}/scans").json() == [{"gate": "valley", "at": "2025-01-18T08:00:00Z"}]


def test_window():
    n = sell("evening", "2025-01-18T17:00:00")
    assert scan(n, "2025-01-18T16:59:00")["reason"] == "not yet valid"
    assert scan(n, "2025-01-18T20:00:00")["reason"] == "expired"


def test_twice():
    n = sell()
    scan(n, "2025-01-18T08:00:00")
    assert scan(n, "2025-01-18T08:02:00")["reason"] == "used just now"
    assert scan(n, "2025-01-18T08:02:00", "mid")["open"]


def test_left():
    n = sell()
    assert client.get(f"/passes/{n}/left?now=2025-01-18T16:00:00Z").json() == {"minutes": 30}


def test_unknown():
    assert client.post("/gates/summit/scans", json={"pass_number": 1, "at": "2025-01-18T08:00:00"}).status_code == 404
    assert client.get("/passes/4040").status_code == 404
