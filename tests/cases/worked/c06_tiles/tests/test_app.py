from starlette.testclient import TestClient

from app import app

client = TestClient(app)


def test_tile():
    r = client.get("/layers/streets/tile?lat=52.52&lon=13.405&zoom=10")
    assert r.json() == {"layer": "streets", "zoom": 10, "x": 550, "y": 335, "url": "/streets/10/550/335.png"}


def test_wraps():
    a = client.get("/layers/streets/tile?lat=10&lon=190&zoom=5").json()
    assert a == client.get("/layers/streets/tile?lat=10&lon=-170&zoom=5").json()


def test_around_at_the_top():
    assert len(client.get("/layers/terrain/around?lat=85&lon=0&zoom=4").json()["tiles"]) == 6


def test_bounds():
    r = client.get("/layers/streets/bounds/1/0/0").json()
    assert r["south_east"] == {"lat": 0.0, "lon": 0.0}


def test_bad_positions():
    for q in ("lat=91&lon=0", "lat=x&lon=0", "lat=1", "lat=1&lon=", "lat=1&lon=1&zoom=20"):
        assert client.get("/layers/streets/tile?" + q).status_code == 400


def test_unknown():
    assert client.get("/layers/moon/tile?lat=1&lon=1").status_code == 404
    assert client.get("/layers/terrain/bounds/16/0/0").status_code == 404
    assert client.post("/layers").status_code == 405
