def empty(day):
    return {"day": day, "begin": None, "end": None, "worked": 0, "breaks": 0, "long_breaks": 0}


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == empty("2024-03-05"), r


def check_fix_after_clearing(c):
    c.fresh()
    c.post("/staff/igor/days/2024-02-29", {"from": "00:00", "to": "24:00"})
    assert c.delete("/staff/igor/days/2024-02-29").status == 204
    r = c.get("/staff/igor/days/2024-02-29")
    assert r.status == 200 and r.json() == empty("2024-02-29"), r


def check_same_day(c):
    for a, b in (("12:00", "12:20"), ("06:00", "10:00"), ("10:10", "11:00")):
        assert c.post("/staff/igor/days/2024-03-01", {"from": a, "to": b}).status == 201
    assert c.get("/staff/igor/days/2024-03-01").json() == {"day": "2024-03-01", "begin": "06:00", "end": "12:20", "worked": 310, "breaks": 70, "long_breaks": 1}


def check_same_refused(c):
    assert c.get("/staff/zed/days/2024-03-05").status == 404
    r = c.get("/staff/igor/days/2024-02-30")
    assert r.status == 400 and r.json()["problem"], r
    assert c.delete("/staff/igor/days/2024-03-05").status == 404


def check_same_month(c):
    c.post("/staff/igor/days/2024-03-31", {"from": "22:00", "to": "24:00"})
    r = c.get("/staff/igor/month/2024/3")
    assert r.json()["worked"] == 120 and [d["end"] for d in r.json()["days"]] == ["24:00"], r
    assert c.get("/staff/igor/month/2024/4").json()["longest"] is None
