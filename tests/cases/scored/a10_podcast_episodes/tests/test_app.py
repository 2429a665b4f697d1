import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    for show in service.SHOWS.values():
        show.clear()


def new(slug="deep-sea", **kw):
    return client.post(f"/shows/{slug}/episodes", json={"title": "Anglerfish", "duration": "31:05", **kw})


def test_create():
    body = new(duration="1:00:30").json()
    assert body["seconds"] == 3630 and body["published"] is None and body["explicit"] is False


def test_bad_duration():
    for bad in ("31", "5:75", "", "90 min"):
        r = new(duration=bad)
        assert r.status_code == 422 and r.json() == {"problem": "invalid input", "fields": ["duration"]}


def test_change():
    i = new().json()["id"]
    r = client.patch(f"/shows/deep-sea/episodes/{i}", json={"title": "Anglerfish again", "published": "2024-02-01"})
    assert r.json()["title"] == "Anglerfish again" and r.json()["seconds"] == 1865
    assert client.patch(f"/shows/deep-sea/episodes/{i}", json={"title": "x"}).status_code == 422


def test_change_duration():
    i = new().json()["id"]
    assert client.patch(f"/shows/deep-sea/episodes/{i}", json={"duration": "32:00"}).json()["seconds"] == 1920


def test_feed():
    new(published="2024-01-01")
    new(published="2024-01-08", duration="10:00")
    new()
    body = client.get("/shows/deep-sea/feed").json()
    assert body["seconds"] == 2465 and [e["published"] for e in body["episodes"]] == ["2024-01-08", "2024-01-01"]


def test_unknown():
    assert new("birds").json() == {"problem": "no such show"}
    i = new().json()["id"]
    assert client.delete(f"/shows/deep-sea/episodes/{i}").status_code == 204
    assert client.get(f"/shows/deep-sea/episodes/{i}").status_code == 404
