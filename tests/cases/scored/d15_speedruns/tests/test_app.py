import pytest
from fastapi.testclient import TestClient

import runs
from app import app

client = TestClient(app)


@pytest.fixture(autouse=True)
def clean():
    runs.RUNS.clear()


def start(player, level="caves"):
    return client.post("/runs", json={"player": player, "level": level}).json()["id"]


def complete(player, ms, deaths=0, level="caves"):
    n = start(player, level)
    for c in range(1, runs.LEVELS[level] + 1):
        client.post(f"/runs/{n}/checkpoint", json={"number": c})
    return client.post(f"/runs/{n}/finish", json={"ms": ms, "deaths": deaths})


def test_board():
    complete("ivy", 61000)
    complete("rex", 60000, 2)
    complete("ivy", 60000, 1)
    assert [(r["rank"], r["player"], r["starts"]) for r in client.get("/levels/caves/board").json()] == [(1, "ivy", 2), (2, "rex", 1)]


def test_empty_board():
    assert client.get("/levels/citadel/board").json() == []


def test_checkpoints():
    n = start("ivy")
    assert client.post(f"/runs/{n}/checkpoint", json={"number": 2}).status_code == 409
    assert client.post(f"/runs/{n}/finish", json={"ms": 5}).status_code == 409


def test_player():
    complete("ivy", 61000)
    start("ivy", "harbour")
    body = client.get("/players/ivy").json()
    assert len(body["runs"]) == 2 and body["bests"] == {"caves": 61000}


def test_unknown():
    assert client.get("/levels/moon/board").status_code == 404
    assert client.post("/runs/900/finish", json={"ms": 5}).status_code == 404
