def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"train": "RB 4101", "departs": "05:24", "wait": 504}, r


def check_fix_agrees_with_the_board(c):
    c.fresh()
    for station, at in (("hafen", "21:51"), ("oberau", "23:59"), ("moos", "17:25")):
        r = c.get(f"/stations/{station}/next?at={at}")
        assert r.status == 200 and [r.json()] == c.get(f"/stations/{station}/board?at={at}&count=1").json(), r


def check_same_next(c):
    assert c.get("/stations/hafen/next?at=21:50").json() == {"train": "RE 883", "departs": "21:50", "wait": 0}
    assert c.get("/stations/Hafen/next").json() == {"train": "RB 4101", "departs": "05:41", "wait": 341}


def check_same_board_goes_on(c):
    rows = c.get("/stations/moos/board?at=23:00&count=2").json()
    assert [(r["train"], r["wait"]) for r in rows] == [("RB 4101", 384), ("RB 4103", 504)]


def check_same_bad_time(c):
    assert c.get("/stations/moos/next?at=9").status == 400
    assert c.get("/stations/moos/next?at=18:60").json() == {"error": "time must be HH:MM"}


def check_same_unknown(c):
    assert c.get("/stations/utopia/next?at=23:00").json() == {"error": "no such station"}
    assert c.req("POST", "/stations").status == 405
