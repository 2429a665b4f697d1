"""Articles over HTTP."""

import pytest

ARTICLE = {
    "title": "Rain",
    "source": "weather",
    "published": "2025-03-01T10:00:00",
    "tags": ["sky"],
    "body": "It rains.",
}


def test_add_and_show(client, key):
    made = client.post("/articles", json=ARTICLE, headers=key)
    assert made.status_code == 201
    shown = client.get(f"/articles/{made.json()['id']}")
    assert shown.json()["excerpt"] == "It rains."


def test_adding_needs_a_key(client):
    assert client.post("/articles", json=ARTICLE).status_code == 401


@pytest.mark.parametrize("count", [1, 2])
def test_the_newest_come_first(client, key, count):
    for day in (1, 2, 3):
        client.post("/articles", json={**ARTICLE, "published": f"2025-03-0{day}T10:00:00"}, headers=key)
    found = client.get("/articles", params={"count": count}).json()
    assert len(found) == count
    assert found[0]["published"] == "2025-03-03T10:00:00"


def test_remove(client, key):
    made = client.post("/articles", json=ARTICLE, headers=key).json()["id"]
    assert client.delete(f"/articles/{made}", headers=key).status_code == 204
