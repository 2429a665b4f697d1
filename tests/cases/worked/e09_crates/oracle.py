def check_fix_replay(c):
    r = c.replay()
    assert r.status == 422 and r.json()["error"]["code"] == "too-many", r


def check_fix_limit(c):
    c.fresh()
    r = c.get("/quote?crates=200")
    assert r.status == 422 and r.json()["error"]["code"] == "too-many" and r.json()["error"]["message"], r
    assert c.get("/quote?crates=199").json() == {"crates": 199, "weeks": 1, "cents": 16915}


def check_same_steps(c):
    got = [c.get(f"/quote?crates={n}").json()["cents"] for n in (1, 9, 10, 49, 50, 199)]
    assert got == [120, 1080, 1000, 4900, 4250, 16915], got


def check_same_refused(c):
    for path in ("/quote", "/quote?crates=-1", "/quote?crates=5&weeks=x", "/quote?crates=5&delivery=moon"):
        r = c.get(path)
        assert r.status == 400 and r.json()["error"]["code"] == "bad-value", (path, r)


def check_same_rent(c):
    assert c.post("/rentals", {"crates": 240}).json()["error"]["code"] == "too-many"
    assert c.post("/rentals", {"crates": "199"}).status == 201
    assert c.post("/rentals/1/weeks", {}).json()["cents"] == 33830
