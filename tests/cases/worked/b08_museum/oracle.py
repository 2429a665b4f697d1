def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.text == ("Measuring the sky\nA  Astrolabe. G. Hartmann, 1532 (1901.3)\nB  Quadrant. unknown, undated (1901.4)\n"), r


def check_fix_room_as_seeded(c):
    c.fresh()
    r = c.get("/rooms/2")
    assert r.status == 200 and r.json()["cases"] == {"A": ["1901.3", "1988.2"], "B": ["1901.4"]}, r


def check_fix_lent_and_back(c):
    c.fresh()
    c.post("/items/1934.17/loan", {"borrower": "Leiden", "until": "2031-01-01"})
    assert c.get("/rooms/3").json() == {"room": 3, "name": "Models", "cases": {}}
    assert c.get("/rooms/3/labels").text == "Models\n"
    c.put("/items/1934.17/place", {"room": 3, "case": "c"})
    assert c.get("/rooms/3").json()["cases"] == {"C": ["1934.17"]}


def check_same_all_shown(c):
    c.put("/items/2003.9/place", {"room": 1, "case": "z"})
    assert c.get("/rooms/1").json() == {"room": 1, "name": "Foyer", "cases": {"Z": ["2003.9"]}}
    assert c.get("/rooms/3/labels").text == "Models\nA  Orrery. J. Rowley, 1712 (1934.17)\n"


def check_same_where(c):
    assert c.get("/items/2003.9").json()["where"] == "in store"
    assert c.delete("/items/1988.2/place").json()["where"] == "in store"
    assert len(c.get("/items").json()) == 5


def check_same_refused(c):
    r = c.get("/rooms/7/labels")
    assert r.status == 404 and r.json()["title"] == "Unknown", r
    assert c.get("/items/1").status == 404
