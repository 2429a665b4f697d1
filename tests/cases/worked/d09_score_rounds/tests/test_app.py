import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.reset()


def play(player, *rounds, game="pinball"):
    return client.post(f"/solo/{game}/results", json={"player": player, "rounds": list(rounds)})


def test_best_round():
    assert play("zoe", 100, 700, 300).json() == {"player": "zoe", "new_best": True, "best": 700}
    assert play("zoe", 650).json() == {"player": "zoe", "new_best": False, "best": 700}


def test_ranks():
    play("zoe", 500)
    play("abe", 500)
    play("kit", 400)
    assert [(r["rank"], r["name"]) for r in client.get("/solo/pinball").json()] == [(1, "abe"), (1, "zoe"), (3, "kit")]


def test_too_many_rounds():
    assert play("zoe", 1, 2, 3, 4, game="asteroids").status_code == 422


def test_team():
    body = {"team": "Blue", "players": ["a", "b"], "rounds": []}
    assert client.post("/teams/snake/results", json=body).status_code == 422
    assert client.post("/teams/snake/results", json={**body, "rounds": [5]}).status_code == 201


def test_unknown_game():
    assert client.get("/solo/chess").status_code == 404


def test_disqualify():
    play("zoe", 1)
    assert client.delete("/solo/pinball/zoe").status_code == 204
    assert client.get("/solo/pinball").json() == []
