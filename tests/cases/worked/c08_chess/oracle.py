def game(c, white, black, result, key="spring"):
    assert c.post(f"/tournaments/{key}/results", {"white": white, "black": black, "result": result}).status == 201


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == [
        {"club": "Old Mill", "players": 1, "points": 1.0},
        {"club": "Rook City", "players": 1, "points": 0.5},
    ], r


def check_fix_nobody_left(c):
    c.fresh()
    c.put("/players/fay/club", {"club": None})
    game(c, "eve", "fay", "1-0", "blitz")
    r = c.get("/tournaments/blitz/clubs")
    assert r.status == 200 and r.json() == [], r


def check_fix_left_the_club(c):
    c.fresh()
    game(c, "ada", "ben", "1-0")
    game(c, "cai", "dot", "1-0")
    c.put("/players/ada/club", {"club": None})
    r = c.get("/tournaments/spring/clubs")
    assert r.status == 200 and r.json() == [{"club": "Rook City", "players": 1, "points": 1.0}, {"club": "Old Mill", "players": 2, "points": 0.0}], r


def check_same_standings(c):
    game(c, "eve", "ada", "draw")
    rows = c.get("/tournaments/spring/standings").json()
    assert [(r["id"], r["club"], r["points"]) for r in rows] == [("eve", "unattached", 0.5), ("ada", "Rook City", 0.5)], rows


def check_same_table(c):
    game(c, "fay", "ben", "0-1")
    game(c, "ada", "cai", "1-0")
    assert [(r["club"], r["points"]) for r in c.get("/tournaments/spring/clubs").json()] == [("Old Mill", 1.0), ("Rook City", 1.0), ("Pawn Stars", 0.0)]
    assert c.get("/tournaments/blitz/clubs").json() == []


def check_same_404(c):
    assert c.get("/tournaments/zz/clubs").status == 404
    assert c.put("/players/zz/club", {"club": None}).status == 404
