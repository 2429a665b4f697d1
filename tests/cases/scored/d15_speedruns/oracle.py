CP = {"caves": 3, "harbour": 5}


def start(c, player, level="caves"):
    return c.post("/runs", {"player": player, "level": level}).json()["id"]


def complete(c, player, ms, deaths=0, level="caves"):
    n = start(c, player, level)
    for k in range(1, CP[level] + 1):
        c.post(f"/runs/{n}/checkpoint", {"number": k})
    assert c.post(f"/runs/{n}/finish", {"ms": ms, "deaths": deaths}).status == 200
    return n


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == [{"rank": 1, "player": "mina", "ms": 58000, "deaths": 1, "starts": 2}], r


def check_fix_never_finished(c):
    c.fresh()
    start(c, "tom")
    r = c.get("/levels/caves/board")
    assert r.status == 200 and r.json() == [], r
    complete(c, "ana", 70000)
    assert [(x["rank"], x["player"]) for x in c.get("/levels/caves/board").json()] == [(1, "ana")]


def check_fix_starts_count(c):
    c.fresh()
    complete(c, "ana", 70000, 1)
    start(c, "ana")
    complete(c, "ana", 65000, 4)
    start(c, "ana")
    start(c, "ana", "harbour")
    complete(c, "tom", 65000, 3)
    assert c.get("/levels/caves/board").json() == [
        {"rank": 1, "player": "tom", "ms": 65000, "deaths": 3, "starts": 1},
        {"rank": 2, "player": "ana", "ms": 65000, "deaths": 4, "starts": 4},
    ]


def check_same_all_finished(c):
    complete(c, "ana", 70000)
    complete(c, "tom", 60000)
    complete(c, "ana", 59000, level="harbour")
    assert [(x["player"], x["ms"]) for x in c.get("/levels/caves/board").json()] == [("tom", 60000), ("ana", 70000)]


def check_same_player(c):
    start(c, "ana")
    assert c.get("/players/ana").json()["bests"] == {}
    assert c.get("/players/bob").status == 404


def check_same_over(c):
    n = complete(c, "ana", 70000)
    assert c.post(f"/runs/{n}/finish", {"ms": 5}).status == 409


def check_same_unknown_level(c):
    assert c.get("/levels/moon/board").json() == {"detail": "no such level"}
