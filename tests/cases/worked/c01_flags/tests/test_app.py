import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def tidy():
    before = {k: list(f.requires) for k, f in service.store.flags.items()}
    yield
    for key in list(service.store.flags):
        if key not in before:
            service.store.remove(key)
        else:
            service.store.flags[key].requires = before[key]


def test_show():
    assert client.get("/flags/express-pay").json()["rests_on"] == ["checkout-v2"]


def test_unknown():
    r = client.get("/flags/nope")
    assert r.status_code == 404 and r.json() == {"error": "no such flag"}


def test_create_and_require():
    assert client.post("/flags", json={"key": "wallet", "on": True}).status_code == 201
    r = client.put("/flags/wallet/requires", json={"requires": ["express-pay"]})
    assert r.json()["rests_on"] == ["checkout-v2", "express-pay"]


def test_itself():
    assert client.put("/flags/gift-wrap/requires", json={"requires": ["gift-wrap"]}).status_code == 409


def test_requires_shape():
    assert client.put("/flags/gift-wrap/requires", json={"requires": "x"}).status_code == 400
    assert client.put("/flags/gift-wrap/requires", json={"requires": ["x"]}).status_code == 400


def test_delete_in_use():
    assert client.delete("/flags/checkout-v2").status_code == 409


def test_evaluate():
    assert client.get("/flags/express-pay/evaluate?user=u1").json()["enabled"] is True
    assert client.get("/flags/gift-wrap/evaluate?user=u1").json()["enabled"] is False
