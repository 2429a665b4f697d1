import copy

import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)
FRESH = copy.deepcopy(service.EVENTS)


@pytest.fixture(autouse=True)
def clean():
    service.EVENTS.update(copy.deepcopy(FRESH))
    service.ORDERS.clear()


def order(*lines, slug="gala"):
    return client.post(f"/events/{slug}/orders", json={"email": "a@b.example", "lines": [{"tier": t, "qty": q} for t, q in lines]})


def left(tier):
    return client.get("/events/gala").json()["tiers"][tier]["left"]


def test_order():
    r = order(("stalls", 2), ("balcony", 1), ("stalls", 1))
    assert r.status_code == 201 and r.json()["cents"] == 16000 and r.json()["seats"] == {"stalls": 3, "balcony": 1}
    assert left("stalls") == 37


def test_all_or_nothing():
    r = order(("stalls", 2), ("box", 2))
    assert r.status_code == 409 and r.json()["error"]["code"] == "sold_out"
    assert left("stalls") == 40


def test_same_tier_twice_counts_together():
    assert order(("balcony", 4), ("balcony", 3)).status_code == 409


def test_waiting_list():
    n = order(("box", 1)).json()["order"]
    assert client.post("/events/gala/waiting", json={"email": "w@b.example", "tier": "box"}).json() == {"position": 1}
    assert client.post("/events/gala/waiting", json={"email": "w@b.example", "tier": "pit"}).status_code == 422
    assert client.delete(f"/orders/{n}").json() == {"cancelled": n, "next": ["w@b.example"]}


def test_unknown():
    assert order(("floor", 1), slug="opera").json()["error"]["code"] == "unknown_event"
    assert client.delete("/orders/999").status_code == 404
    assert order().status_code == 422
