from starlette.testclient import TestClient

from app import app

client = TestClient(app)


def test_ports():
    assert client.get("/ports").json()[0] == {"port": "elder", "name": "Elder Sound", "years": [2024, 2025]}


def test_day():
    body = client.get("/ports/elder/tides?day=2025-01-02").json()
    assert body["tides"][:2] == [{"time": "04:38", "kind": "high", "metres": 4.31}, {"time": "10:55", "kind": "low", "metres": 0.74}]


def test_day_without_rows():
    assert client.get("/ports/marsk/tides?day=2025-02-01").json() == {"port": "marsk", "day": "2025-02-01", "tides": []}


def test_bad_day():
    assert client.get("/ports/elder/tides?day=2025-02-30").status_code == 400
    assert client.get("/ports/elder/tides").status_code == 400


def test_unknown_port():
    assert client.get("/ports/atlantis/tides?day=2025-01-01").status_code == 404


def test_highest():
    assert client.get("/ports/elder/highest/2024").json() == {"day": "2024-12-31", "time": "15:29", "metres": 4.18}
    assert client.get("/ports/elder/highest/2019").status_code == 404
