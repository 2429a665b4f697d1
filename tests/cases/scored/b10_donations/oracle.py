def start(c, cap, percent=100):
    c.fresh()
    c.put("/campaigns/x")
    assert c.put("/campaigns/x/sponsor", {"name": "S", "percent": percent, "cap_cents": cap}).status == 200


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 201 and r.json()["matched_cents"] == 1250 and r.json()["cents"] == 5000, r
    s = c.get("/campaigns/library").json()
    assert s["matched_cents"] == 1250 and s["match_left_cents"] is None and s["given_cents"] == 5000, s


def check_fix_many(c):
    start(c, None)
    got = [c.post("/campaigns/x/gifts", {"cents": n}).json()["matched_cents"] for n in (10_000_000, 101, 100)]
    assert got == [10_000_000, 101, 100], got


def check_fix_cap_lifted(c):
    start(c, 300)
    assert c.post("/campaigns/x/gifts", {"cents": 500}).json()["matched_cents"] == 300
    c.put("/campaigns/x/sponsor", {"name": "S", "percent": 10})
    assert c.post("/campaigns/x/gifts", {"cents": 500}).json()["matched_cents"] == 50
    assert c.get("/campaigns/x").json()["matched_cents"] == 350


def check_same_capped(c):
    start(c, 700, 50)
    assert [c.post("/campaigns/x/gifts", {"cents": 1001}).json()["matched_cents"] for _ in range(3)] == [500, 200, 0]


def check_same_shown(c):
    start(c, None)
    assert c.get("/campaigns/x").json() == {"slug": "x", "given_cents": 0, "matched_cents": 0, "match_left_cents": None, "donors": 0}


def check_same_refusals(c):
    start(c, 700, 50)
    r = c.post("/campaigns/x/gifts", {"cents": 5})
    assert r.status == 422 and r.json()["message"]
    assert c.post("/campaigns/y/gifts", {"cents": 500}).status == 404
    assert c.put("/campaigns/x/sponsor", {"name": "S", "percent": 10, "cap_cents": 0}).status == 422
