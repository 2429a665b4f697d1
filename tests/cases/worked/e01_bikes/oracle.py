def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == [{"number": 3, "km": 730, "station": None, "free": False}], r


def check_fix_mixed(c):
    c.fresh()
    c.post("/bikes/2/rent", {"customer": "a"})
    c.post("/bikes/2/return", {"station": "M", "km": 400})
    c.post("/bikes/2/rent", {"customer": "b"})
    r = c.get("/workshop")
    assert r.status == 200 and r.json() == [
        {"number": 2, "km": 880, "station": None, "free": False},
        {"number": 3, "km": 730, "station": "Harbour", "free": True},
    ], r


def check_same_all_in(c):
    assert c.get("/workshop").json() == [{"number": 3, "km": 730, "station": "Harbour", "free": True}]


def check_same_fleet(c):
    c.post("/bikes/3/rent", {"customer": "a"})
    assert c.get("/bikes?model=cargo").json() == [{"number": 3, "model": "cargo", "station": None, "free": False}]
    assert c.get("/stations/H").json()["bikes"] == [2]


def check_same_unknown(c):
    assert c.post("/bikes/9/rent", {"customer": "a"}).status == 404
