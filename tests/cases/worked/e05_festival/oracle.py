def plan(c, slot):
    return c.post("/screenings", {"film": "salt", "day": 1, "slot": slot})


def check_fix_replay(c):
    r = c.replay()
    want = {"film": "Nine Letters", "day": 3, "hall": "Old Mill", "start": "20:15", "left": 60}
    assert r.status == 201 and {k: r.json()[k] for k in want} == want, r
    assert len(c.get("/screenings?hall=Old%20Mill").json()) == 1


def check_fix_taken(c):
    c.fresh()
    assert plan(c, "Old Mill 10:00").status == 201
    assert plan(c, "Old Mill 11:00").status == 409


def check_fix_malformed(c):
    c.fresh()
    for slot in ("Old Mill", "Rex", "19:30", "New Old Mill 19:30", "Old Mill 9.30"):
        r = plan(c, slot)
        assert r.status == 422 and "detail" in r.json(), (slot, r)
    assert c.get("/screenings").json() == []


def check_same_plain(c):
    r = plan(c, "Atrium 08:05")
    assert r.status == 201 and r.json()["hall"] == "Atrium" and r.json()["start"] == "08:05", r


def check_same_refused(c):
    assert plan(c, "Luna 19:30").status == 422
    assert plan(c, "Rex 25:00").status == 422
    assert c.post("/screenings", {"film": "zzz", "day": 1, "slot": "Rex 10:00"}).status == 422
