def enter(c, *names):
    for name in names:
        c.post("/teams", {"name": name})


def pairs(r):
    return [(p["gov"], p["opp"]) for p in r.json()["pairings"]]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 201 and r.json()["round"] == 1, r
    assert pairs(r) == [("Ayes", "Noes"), ("Rebuttal", None)], r
    assert pairs(c.get("/rounds/1")) == [("Ayes", "Noes"), ("Rebuttal", None)]


def check_fix_bye_counts(c):
    c.fresh()
    enter(c, "A", "B", "C", "D", "E")
    assert pairs(c.post("/rounds")) == [("A", "B"), ("C", "D"), ("E", None)]
    c.put("/rounds/current/winners/A")
    c.put("/rounds/current/winners/D")
    table = [(row["team"], row["points"]) for row in c.get("/standings").json()]
    assert table == [("A", 3), ("D", 3), ("E", 3), ("B", 0), ("C", 0)]
    assert pairs(c.post("/rounds")) == [("A", "D"), ("E", "B"), ("C", None)]


def check_same_even(c):
    enter(c, "Y", "X")
    r = c.post("/rounds")
    assert r.status == 201 and pairs(r) == [("X", "Y")]
    assert c.put("/rounds/current/winners/Y").json()["winner"] == "Y"
    assert pairs(c.post("/rounds")) == [("Y", "X")]


def check_same_refusals(c):
    enter(c, "A")
    assert c.post("/rounds").status == 409
    enter(c, "B")
    c.post("/rounds")
    assert c.post("/rounds").status == 409
    assert c.put("/rounds/current/winners/Z").status == 404
