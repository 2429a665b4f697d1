import pytest
from fastapi.testclient import TestClient

import app as service
from history import History
from menu import Menu

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(service, "menu", Menu())
    monkeypatch.setattr(service, "history", History())
    service.BASKETS.clear()


def add(dish, qty=1, guest="lea"):
    return client.post(f"/baskets/{guest}/items", json={"dish": dish, "qty": qty})


def test_basket():
    add("dal")
    assert add("lassi", 2).json() == {
        "guest": "lea", "lines": [{"dish": "dal", "qty": 1, "cents": 890}, {"dish": "lassi", "qty": 2, "cents": 320}], "delivery": 290, "total": 1820}
    assert add("pizza").status_code == 422


def test_free_delivery():
    assert add("momo", 4).json()["total"] == 3000


def test_checkout():
    add("dal")
    assert client.post("/baskets/lea/checkout").json()["total"] == 1180
    assert client.get("/baskets/lea").json()["total"] == 0
    assert client.post("/baskets/lea/checkout").status_code == 409
    assert len(client.get("/guests/lea/orders").json()) == 1


def test_reorder_what_is_gone():
    add("lassi")
    n = client.post("/baskets/lea/checkout").json()["number"]
    assert client.delete("/menu/lassi").status_code == 204
    r = client.post(f"/baskets/lea/reorder/{n}")
    assert r.json() == {"guest": "lea", "lines": [], "delivery": 0, "total": 0, "dropped": ["lassi"]}


def test_reorder_refused():
    add("dal")
    n = client.post("/baskets/lea/checkout").json()["number"]
    assert client.post(f"/baskets/bob/reorder/{n}").status_code == 404
    add("dal")
    assert client.post(f"/baskets/lea/reorder/{n}").status_code == 409
