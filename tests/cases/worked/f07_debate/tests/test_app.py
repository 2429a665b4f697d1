import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.TEAMS.clear()
    service.ROUNDS.clear()


def enter(*names):
    for name in names:
        client.post("/teams", json={"name": name})


def test_enter():
    assert client.post("/teams", json={"name": "Ayes"}).get_json() == {"name": "Ayes", "teams": 1}
    assert client.post("/teams", json={"name": "Ayes"}).status_code == 409
    assert client.post("/teams", json={}).status_code == 400


def test_draw():
    enter("D", "B", "C", "A")
    pairs = client.post("/rounds").get_json()["pairings"]
    assert [(p["gov"], p["opp"]) for p in pairs] == [("A", "B"), ("C", "D")]


def test_second_round_by_standings():
    enter("A", "B", "C", "D")
    client.post("/rounds")
    assert client.post("/rounds").status_code == 409
    client.put("/rounds/current/winners/B")
    client.put("/rounds/current/winners/D")
    pairs = client.post("/rounds").get_json()["pairings"]
    assert [(p["gov"], p["opp"]) for p in pairs] == [("B", "D"), ("A", "C")]


def test_too_few():
    enter("A")
    assert client.post("/rounds").status_code == 409


def test_standings():
    enter("A", "B")
    client.post("/rounds")
    client.put("/rounds/current/winners/B")
    assert client.get("/standings").get_json() == [{"team": "B", "points": 3}, {"team": "A", "points": 0}]


def test_unknown_round():
    assert client.get("/rounds/1").status_code == 404
