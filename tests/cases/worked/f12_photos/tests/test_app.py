import pytest
from fastapi.testclient import TestClient

from app import app
from contest.db import Base, engine

client = TestClient(app)


@pytest.fixture(autouse=True)
def tables():
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)


def contest(slug="autumn"):
    client.post("/contests", json={"slug": slug, "title": slug.title()})
    return slug


def photo(slug="autumn", title="Fog"):
    return client.post(f"/contests/{slug}/photos", json={"author": "Nils", "title": title}).json()["id"]


def vote(photo_id, juror="j1", points=7, slug="autumn"):
    return client.post(f"/contests/{slug}/votes", json={"photo": photo_id, "juror": juror, "points": points})


def test_open_twice():
    contest()
    assert client.post("/contests", json={"slug": "autumn", "title": "x"}).status_code == 409


def test_vote():
    contest()
    p = photo()
    vote(p)
    assert vote(p, "j2", 3).json() == {"photo": p, "points": 10}
    assert vote(p, "j2", 4).json() == {"photo": p, "points": 11}


def test_ranking():
    contest()
    a, b = photo(title="Fog"), photo(title="Elk")
    vote(b)
    assert [r["id"] for r in client.get("/contests/autumn/ranking").json()] == [b, a]


def test_closed():
    contest()
    p = photo()
    client.post("/contests/autumn/close")
    assert vote(p).status_code == 409


def test_points_range():
    contest()
    assert vote(photo(), points=11).status_code == 422


def test_unknown_contest():
    assert client.get("/contests/winter/ranking").status_code == 404
    assert vote(1, slug="winter").status_code == 404
