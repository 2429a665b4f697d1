def send(c, *lines):
    return c.req("POST", "/boxes/import", headers={"content-type": "text/csv"}, body="label,room,kg\n" + "".join(l + "\n" for l in lines))


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 201 and r.json() == {"imported": 3}, r
    assert c.get("/boxes").json() == [
        {"label": "S1", "room": "study", "kg": 18.5},
        {"label": "S2", "room": "study", "kg": None},
        {"label": "C1", "room": "cellar", "kg": 22.0},
    ]
    assert c.get("/load").json() == {"kg": 40.5, "boxes": 3, "unweighed": 1}


def check_fix_blank(c):
    c.fresh()
    r = send(c, "B1,bath,  ")
    assert r.status == 201, r
    assert c.get("/boxes").json() == [{"label": "B1", "room": "bath", "kg": None}]


def check_fix_not_a_number(c):
    c.fresh()
    for kg in ("heavy", "12kg"):
        r = send(c, "B1,bath,3", f"B2,bath,{kg}")
        assert r.status == 400 and "line 3" in r.json()["error"], (kg, r)
    assert c.get("/boxes").json() == []


def check_same_import(c):
    assert send(c, "K1,kitchen,30", 'K2,kitchen,"0,5"').json() == {"imported": 2}
    assert [b["kg"] for b in c.get("/boxes").json()] == [30.0, 0.5]


def check_same_refused(c):
    for line in ("K1,attic,3", "K1,kitchen,31", "K1,kitchen", ",kitchen,3", "K1,kitchen,0"):
        r = send(c, line)
        assert r.status == 400 and r.json()["error"].startswith("line 2:"), (line, r)


def check_same_json(c):
    assert c.post("/boxes", {"label": "a", "room": "bath"}).json()["kg"] is None
    assert c.post("/boxes", {"label": "b", "room": "bath", "kg": ""}).status == 400
