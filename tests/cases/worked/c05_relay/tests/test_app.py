import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def empty():
    service.repo._rows.clear()
    service.outbox.items.clear()


def add(name, **more):
    body = {"name": name, "url": f"https://{name}.example.org/in", "topics": ["order.paid"], **more}
    return client.post("/endpoints", json=body)


def publish(topic="order.paid"):
    return client.post("/events", json={"topic": topic, "data": {"n": 1}})


def test_publish():
    assert add("billing").status_code == 201
    assert publish().json() == {"deliveries": [{"endpoint": "billing", "state": "due"}]}
    assert client.get("/outbox").json() == [{"endpoint": "billing", "topic": "order.paid", "data": {"n": 1}}]


def test_nobody_listens():
    assert publish("order.lost").json() == {"deliveries": []}


def test_paused_is_parked():
    add("billing")
    client.post("/endpoints/billing/pause")
    assert publish().json()["deliveries"][0]["state"] == "parked"
    assert client.post("/endpoints/billing/resume").json()["released"] == 1


def test_duplicate_and_fallback():
    add("billing")
    assert add("billing").status_code == 409
    assert add("crm", fallback="nope").status_code == 422
    assert add("crm", fallback="billing").json()["fallback"] == "billing"


def test_fallback_not_needed():
    add("billing")
    add("crm", fallback="billing")
    assert [d["endpoint"] for d in publish().json()["deliveries"]] == ["billing", "crm"]


def test_unknown():
    assert client.get("/endpoints/x").status_code == 404
