def ask(c, hour, **kw):
    return c.post("/quotes", {"kitchen": "pho", "km": 4, "cents": 1500, "deliver_at": f"2024-05-06T{hour}:00", **kw})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"kitchen": "pho", "way": 375, "rush": 0, "heavy": 0, "total": 375}, r


def check_fix_late(c):
    c.fresh()
    for hour in ("22:00", "23:59"):
        r = ask(c, hour)
        assert r.status == 200 and r.json()["rush"] == 0 and r.json()["total"] == 420, r
    assert ask(c, "22:10", grams=9000, cents=5000).json()["total"] == 250
    assert c.get("/counters").json() == {"quotes": 3, "refused": 0}


def check_same_hours(c):
    for hour, rush in (("00:00", 0), ("10:59", 0), ("11:00", 150), ("13:59", 150), ("14:00", 0), ("17:59", 0), ("18:00", 200), ("21:59", 200)):
        assert ask(c, hour).json()["rush"] == rush, hour


def check_same_refused(c):
    assert ask(c, "12:00", km=8.5).status == 409
    assert ask(c, "12:00", kitchen="x").json() == {"detail": "unknown kitchen"}
    assert ask(c, "12:00", cents=0).status == 422
