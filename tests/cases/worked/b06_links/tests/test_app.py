import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.links.clear()


def link(**kw):
    return client.post("/links", json={"target": "https://example.org/a", "code": "a"} | kw)


def test_follow():
    assert link().status_code == 201
    answer = client.get("/a")
    assert answer.status_code == 302 and answer.headers["Location"] == "https://example.org/a"
    assert client.get("/links/a/visits").get_json()["visits"] == 1


def test_expired():
    link(expires="2020-01-01T00:00:00+00:00")
    assert client.get("/a").status_code == 410


def test_not_yet():
    link(expires="2999-01-01T00:00:00Z")
    assert client.get("/a").status_code == 302
    assert len(client.get("/links?active=1").get_json()) == 1


def test_since():
    link()
    client.get("/a")
    assert client.get("/links/a/visits?since=2020-01-01").get_json()["visits"] == 1
    assert client.get("/links/a/visits?since=2999-01-01").get_json()["visits"] == 0
    assert client.get("/links/a/visits?since=soon").status_code == 400


def test_refused():
    link()
    assert link().status_code == 409
    assert link(code="b", target="ftp://x").status_code == 400
    assert link(code="b", expires="tomorrow").get_json()["error"]["status"] == 400


def test_missing():
    assert client.get("/none").status_code == 404
