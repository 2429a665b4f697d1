import copy

import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)
FIRST = copy.deepcopy(service.STOCK)


@pytest.fixture(autouse=True)
def clean():
    service.STOCK.clear()
    service.STOCK.update(copy.deepcopy(FIRST))


def test_delivery():
    r = client.post("/kiosks/north/deliveries", content="gum;10\n\nMap; 3\n")
    assert r.json() == {"booked": 13, "rejected": []}
    assert client.get("/kiosks/north").json() == {"cola": 12, "gum": 50, "map": 3}


def test_rejected_lines():
    r = client.post("/kiosks/north/deliveries", content="gum;ten\nbeer;4\ncola;0\ncola;8")
    assert r.json() == {"booked": 8, "rejected": [1, 2, 3]}


def test_sell():
    assert client.post("/kiosks/south/sales/news").json() == {"sku": "news", "left": 24}
    assert client.post("/kiosks/south/sales/gum").status_code == 409


def test_low():
    assert client.get("/kiosks/north/low").json() == ["map", "news"]


def test_value():
    assert client.get("/kiosks/north/value").json() == {"cents": 40 * 120 + 12 * 250}


def test_unknown():
    assert client.post("/kiosks/west/deliveries", content="gum;1").json() == {"error": "no such kiosk"}
