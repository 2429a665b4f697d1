def check_fix_replay(c):
    r = c.replay()
    assert r.status == 422 and r.json()["detail"], r


def check_fix_leaves_no_trace(c):
    c.setup()
    c.post("/solo/snake/results", {"player": "mo", "rounds": []})
    assert c.get("/solo/snake").json() == [{"rank": 1, "name": "mo", "points": 80, "entries": 1}]
    assert c.post("/solo/snake/results", {"player": "mo", "rounds": [90]}).json() == {"player": "mo", "new_best": True, "best": 90}
    assert c.get("/solo/snake").json()[0]["entries"] == 2


def check_fix_newcomer(c):
    c.fresh()
    assert c.post("/solo/asteroids/results", {"player": "ann", "rounds": [], "comment": "machine broke"}).status == 422
    assert c.get("/solo/asteroids").json() == []
    assert c.delete("/solo/asteroids/ann").status == 404


def check_same_zero_points(c):
    r = c.post("/solo/pinball/results", {"player": "ann", "rounds": [0]})
    assert r.status == 201 and r.json() == {"player": "ann", "new_best": True, "best": 0}


def check_same_teams(c):
    assert c.post("/teams/snake/results", {"team": "Red", "players": ["a", "b"], "rounds": []}).status == 422
    assert c.post("/teams/snake/results", {"team": "Red", "players": ["a", "b"], "rounds": [4, 9]}).json()["best"] == 9


def check_same_limits(c):
    assert c.post("/solo/asteroids/results", {"player": "ann", "rounds": [1, 2, 3, 4]}).status == 422
    assert c.post("/solo/chess/results", {"player": "ann", "rounds": [1]}).status == 404
    assert c.post("/solo/asteroids/results", {"player": "ann", "rounds": [1, 2, 3]}).status == 201
