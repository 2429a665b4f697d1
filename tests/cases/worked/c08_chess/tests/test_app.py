import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    clubs = {p.id: p.club_id for p in service.REGISTER.players()}
    yield
    for games in service.RESULTS.values():
        games.clear()
    for key, club in clubs.items():
        service.REGISTER.player(key).club_id = club


def game(white, black, result, key="spring"):
    return client.post(f"/tournaments/{key}/results", json={"white": white, "black": black, "result": result})


def test_players():
    first = client.get("/players").json()[0]
    assert first == {"id": "eve", "name": "Eve", "rating": 2100, "club": "unattached"}


def test_standings():
    game("ada", "eve", "0-1")
    game("eve", "ben", "draw")
    rows = client.get("/tournaments/spring/standings").json()
    assert [(r["id"], r["points"]) for r in rows] == [("eve", 1.5), ("ben", 0.5), ("ada", 0.0)]


def test_club_table():
    game("ada", "ben", "1-0")
    game("cai", "dot", "draw")
    assert client.get("/tournaments/spring/clubs").json() == [
        {"club": "Rook City", "players": 2, "points": 1.5},
        {"club": "Old Mill", "players": 2, "points": 0.5},
    ]


def test_move():
    assert client.put("/players/fay/club", json={"club": "mill"}).json()["club"] == "Old Mill"
    assert client.put("/players/fay/club", json={"club": None}).json()["club"] == "unattached"
    assert client.put("/players/fay/club", json={"club": "zz"}).status_code == 404


def test_refused():
    assert game("ada", "ada", "1-0").status_code == 400
    assert game("ada", "ben", "2-0").status_code == 400
    assert game("ada", "zoe", "1-0").json() == {"error": "no player zoe"}
    assert client.get("/tournaments/autumn/clubs").status_code == 404
