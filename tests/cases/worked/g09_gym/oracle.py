def enrol(c, name="Rosa"):
    return c.post("/members", {"name": name, "plan": "basic", "since": "2024-01-15"}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"id": 1, "name": "Paul", "plan": "plus", "since": "2024-06-01", "cents": 4400, "last_visit": None}, r


def check_fix_then_comes(c):
    c.fresh()
    i, k = enrol(c), enrol(c, "Ben")
    c.post(f"/members/{k}/visits", {"at": "2024-02-01T18:00"})
    assert c.get(f"/members/{i}").json()["last_visit"] is None
    c.post(f"/members/{i}/visits", {"at": "2024-02-02T18:00"})
    assert c.get(f"/members/{i}").json()["last_visit"] == "2024-02-02T18:00:00"


def check_same_latest(c):
    i = enrol(c)
    for at in ("2024-02-05T07:15", "2024-02-01T18:00"):
        c.post(f"/members/{i}/visits", {"at": at})
    assert c.get(f"/members/{i}").json()["last_visit"] == "2024-02-05T07:15:00"


def check_same_first_visit(c):
    i = enrol(c)
    assert c.post(f"/members/{i}/visits", {"at": "2024-02-05T07:15"}).json() == {"visits": 1}
    assert c.post(f"/members/{i}/visits", {"at": "2024-02-05T07:20"}).status == 409


def check_same_quiet(c):
    i = enrol(c)
    assert c.get("/quiet?today=2024-02-05").json() == [{"id": i, "last_visit": None}]
    assert c.get("/members/8").status == 404
