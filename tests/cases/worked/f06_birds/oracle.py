def saw(c, code, number=1, day="2024-04-02"):
    return c.post("/sightings", {"code": code, "number": number, "day": day, "place": "Fen", "observer": "Kit"})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == [{"species": "Blue tit", "number": 7}, {"species": "Jay", "number": 1}], r


def check_fix_only_old(c):
    c.fresh()
    assert saw(c, "lesrep", 12).status == 201
    assert c.get("/reports/year?year=2024").json() == [{"species": "Redpoll", "number": 12}]


def check_fix_added_up(c):
    c.fresh()
    saw(c, "COMREP", 2)
    saw(c, "PARCAE", 1)
    saw(c, "LESREP", 3)
    saw(c, "LESREP", 30, "2022-04-02")
    assert c.get("/reports/year?year=2024").json() == [{"species": "Redpoll", "number": 5}, {"species": "Blue tit", "number": 1}]


def check_same_year(c):
    saw(c, "GRETIT", 3)
    saw(c, "EURJAY", 3)
    assert c.get("/reports/year?year=2024").json() == [{"species": "Great tit", "number": 3}, {"species": "Jay", "number": 3}]
    assert c.get("/reports/year?year=2020").json() == []


def check_same_codes(c):
    assert saw(c, "AUKAUK").status == 400
    assert saw(c, "parcae").status == 201
    assert len(c.get("/species").json()) == 4


def check_same_observers(c):
    saw(c, "PARCAE")
    assert c.get("/reports/observers?year=2024").json() == {"Kit": 1}
