import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.POSTINGS.clear()


def new():
    return client.post("/postings", json={"title": "Welder", "employer": "Kranbau Nord"}).get_json()["id"]


def to(number, state):
    return client.put(f"/postings/{number}/state", json={"state": state})


def test_publish():
    n = new()
    assert client.get("/postings").get_json() == []
    assert to(n, "Published").get_json()["label"] == "Open"
    assert [p["id"] for p in client.get("/postings").get_json()] == [n]


def test_filled_is_final():
    n = new()
    to(n, "published")
    to(n, "filled")
    assert to(n, "published").status_code == 409


def test_withdraw():
    n = new()
    to(n, "published")
    assert to(n, "withdrawn").get_json()["label"] == "Withdrawn"
    assert client.get(f"/postings/{n}/history").get_json() == [["draft", "published"], ["published", "withdrawn"]]


def test_draft_cannot_be_filled():
    assert to(new(), "filled").status_code == 409


def test_apply():
    n = new()
    assert client.post(f"/postings/{n}/applications", json={"email": "a@b.example"}).status_code == 409
    to(n, "published")
    assert client.post(f"/postings/{n}/applications", json={"email": "a@b.example"}).status_code == 201


def test_unknown():
    assert to(999, "paused").status_code == 404
    assert to(new(), "gone").get_json()["error"]["code"] == "invalid"
