from fastapi.testclient import TestClient

from app import app

client = TestClient(app)


def order(*items, **kw):
    return client.post("/orders", json={"customer": "Vera", "items": [{"product": p, "qty": q} for p, q in items], **kw})


def test_collect():
    body = order(("rye", 2), ("croissant", 4)).json()
    assert (body["goods"], body["fee"], body["total"]) == ("14.20", "0.00", "14.20")


def test_delivery():
    body = order(("rye", 1), delivery={"street": "Mill Lane 3", "km": 3}).json()
    assert (body["fee"], body["total"]) == ("2.40", "6.60")


def test_large_orders_are_brought_for_free():
    assert order(("tart", 2), delivery={"street": "Mill Lane 3", "km": 7}).json()["fee"] == "0.00"


def test_too_far():
    assert order(("rye", 1), delivery={"street": "Mill Lane 3", "km": 13}).status_code == 422


def test_unknown_product():
    assert order(("pizza", 1)).status_code == 422


def test_state():
    n = order(("rye", 1)).json()["number"]
    assert client.put(f"/orders/{n}/state/gone").json()["state"] == "gone"
    assert client.put(f"/orders/{n}/state/new").status_code == 409
