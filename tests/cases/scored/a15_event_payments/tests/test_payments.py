import hashlib
import hmac
import json

import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.ORDERS.clear()
    service.SEEN.clear()


def order(tickets=2):
    return client.post("/orders", json={"name": "Noor", "tickets": tickets}).json()["order"]


def notify(kind, number, id="n1", **data):
    raw = json.dumps({"id": id, "type": kind, "data": {"order": number, **data}}).encode()
    return client.post("/provider/notifications", content=raw, headers={"X-Signature": hmac.new(service.SECRET, raw, hashlib.sha256).hexdigest()})


def state(number):
    return client.get(f"/orders/{number}").json()["state"]


def test_paid():
    n = order()
    assert notify("payment.succeeded", n, amount=7000).json() == {"handled": True}
    assert state(n) == "paid"


def test_wrong_amount():
    n = order()
    notify("payment.succeeded", n, amount=10)
    assert state(n) == "review"


def test_repeated():
    n = order()
    notify("payment.succeeded", n, amount=7000)
    notify("refund.created", n, id="n2")
    assert notify("payment.succeeded", n, amount=7000).json() == {"handled": False}
    assert state(n) == "refunded"


def test_other_shop():
    assert notify("payment.succeeded", "X1").json() == {"handled": False}


def test_signature():
    assert client.post("/provider/notifications", json={"id": "n", "type": "payment.failed", "data": {}}).status_code == 401


def test_sales():
    n = order()
    order(3)
    notify("payment.failed", n)
    assert client.get("/sales").json() == {"failed": 2, "open": 3}
    assert client.get("/orders/T9").status_code == 404
