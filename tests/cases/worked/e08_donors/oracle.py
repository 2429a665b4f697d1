def register(c, **kw):
    return c.post("/donors", {"name": "N", "group": "B", **kw})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"eligible": False, "from": "2024-10-07"}, r


def check_fix_to_the_minute(c):
    c.fresh()
    assert register(c, last_donation="2024-01-01T12:00:00").status == 201
    for on, want in (("2024-02-26T11:59:00", False), ("2024-02-26T12:00:00", True), ("2024-02-26T12:30:00%2B01:00", False)):
        r = c.get(f"/donors/1/eligibility?on={on}")
        assert r.status == 200 and r.json()["eligible"] is want, (on, r)


def check_fix_donate(c):
    c.fresh()
    register(c, last_donation="2024-01-01T12:00:00")
    assert c.post("/donors/1/donations", {"at": "2024-02-01T09:00:00Z"}).status == 409
    r = c.post("/donors/1/donations", {"at": "2024-03-01T09:00:00"})
    assert r.status == 201 and r.json() == {"donations": 2}, r


def check_same_offset(c):
    register(c, last_donation="2024-01-01T12:00:00+02:00")
    assert c.get("/donors/1/eligibility?on=2024-02-26T09:59:00").json()["eligible"] is False
    assert c.get("/donors/1/eligibility?on=2024-02-26T10:00:00").json()["eligible"] is True


def check_same_none(c):
    register(c)
    assert c.get("/donors/1/eligibility?on=2024-02-26T10:00:00").json() == {"eligible": True, "from": "2024-02-26"}
    assert c.get("/donors/2/eligibility?on=2024-02-26T10:00:00").status == 404


def check_same_register(c):
    r = register(c, last_donation="2024-01-01T12:00:00Z")
    assert r.status == 201 and r.json()["donations"] == 1, r
