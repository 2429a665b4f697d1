import pytest
from starlette.testclient import TestClient

from app import app
from relay import delivery, signing

client = TestClient(app)
ISSUE = {"issue": {"id": 7, "title": "Leak", "priority": "high", "assignee": {"name": "Ida"}, "labels": [{"name": "bug"}]}}


@pytest.fixture(autouse=True)
def empty():
    delivery._QUEUE.clear()


def event(source, name, payload):
    return client.post(f"/in/{source}", json=payload, headers={"X-Relay-Event": name})


def test_issue():
    r = event("tracker", "issue", ISSUE)
    assert r.status_code == 202
    assert [m["text"] for m in r.json()["messages"]] == ["#7 Leak (Ida)", "Leak: bug"]
    assert len(client.get("/channels/urgent").json()) == 1


def test_condition():
    low = {"issue": {**ISSUE["issue"], "priority": "low"}}
    assert [m["channel"] for m in event("tracker", "issue", low).json()["messages"]] == ["dev"]


def test_no_rule_for_event():
    assert event("tracker", "wiki", {}).json()["messages"] == []


def test_missing_value_is_empty():
    assert event("shop", "paid", {"customer": {}, "total": 12}).json()["messages"][0]["text"] == "paid 12"


def test_signature():
    assert event("git", "push", {}).status_code == 401
    raw = b"{}"
    r = client.post("/in/git", content=raw, headers={"X-Relay-Event": "push", "X-Relay-Signature": signing.signature("s3cr3t", raw)})
    assert r.status_code == 202


def test_bad_bodies():
    assert client.post("/in/shop", content=b"[]").json()["code"] == "bad_json"
    assert client.post("/in/shop", content=b"{}").json()["code"] == "no_event"
    assert client.post("/in/zzz", content=b"{}").status_code == 404


def test_rules():
    r = client.post("/rules/", json={"source": "shop", "event": "refund", "channel": "sales", "text": "{{total}} back", "when": {"total": 5}})
    n = r.json()["number"]
    assert client.post(f"/rules/{n}/try", json={"total": 5}).json() == {"matches": True, "text": "5 back"}
    assert client.post(f"/rules/{n}/try", json={"total": 6}).json() == {"matches": False, "text": None}
    assert client.delete(f"/rules/{n}").status_code == 204
    assert client.post("/rules/", json={"source": "shop"}).status_code == 400
