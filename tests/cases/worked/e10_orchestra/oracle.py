def lend(c, part, out):
    return c.post("/loans", {"work": "Dvorak 8", "part": part, "player": "P", "out": out}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == [
        {"id": 2, "player": "Ben", "days": 13, "open": True},
        {"id": 1, "player": "Mira", "days": 7, "open": False},
    ], r


def check_fix_in_time(c):
    c.fresh()
    number = lend(c, "cello", "2024-02-01")
    c.post(f"/loans/{number}/return", {"on": "2024-02-29"})
    r = c.get("/late?today=2024-06-01")
    assert r.status == 200 and r.json() == [], r


def check_fix_days_do_not_grow(c):
    c.fresh()
    number = lend(c, "oboe 1", "2024-02-01")
    c.post(f"/loans/{number}/return", {"on": "2024-03-01"})
    for today in ("2024-03-02", "2024-12-24"):
        assert c.get(f"/late?today={today}").json() == [{"id": number, "player": "P", "days": 1, "open": False}]


def check_same_open(c):
    number = lend(c, "cello", "2024-02-01")
    assert c.get("/late?today=2024-02-29").json() == []
    assert c.get("/late?today=2024-03-03").json() == [{"id": number, "player": "P", "days": 3, "open": True}]


def check_same_return(c):
    number = lend(c, "cello", "2024-02-01")
    assert c.post(f"/loans/{number}/return", {"on": "2024-01-31"}).status == 400
    r = c.post(f"/loans/{number}/return", {"on": "2024-02-05"})
    assert r.status == 200 and r.json()["returned"] == "2024-02-05", r


def check_same_bad_day(c):
    r = c.get("/late")
    assert r.status == 400 and r.json()["error"]
