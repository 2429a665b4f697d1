def mark(c, pupil, grade, weight=1):
    return c.post(f"/classes/7a/pupils/{pupil}/marks", {"subject": "art", "grade": grade, "weight": weight, "day": "2024-02-01"})


def places(c):
    r = c.get("/classes/7a/ranking")
    assert r.status == 200, r
    return [(x["place"], x["name"], x["average"]) for x in r.json()]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.json() == [{"place": 1, "name": "Ngata, Mia", "average": 1.5}, {"place": 2, "name": "Conti, Leo", "average": 2.0},
                        {"place": 2, "name": "Wenzel, Ada", "average": 2.0}, {"place": 4, "name": "Brandt, Uwe", "average": 3.0}], r


def check_fix_all_equal(c):
    c.fresh()
    for p in ("p1", "p2", "p3", "p4"):
        mark(c, p, 2.3)
    assert places(c) == [(1, "Brandt, Uwe", 2.3), (1, "Conti, Leo", 2.3), (1, "Ngata, Mia", 2.3), (1, "Wenzel, Ada", 2.3)]


def check_fix_equal_by_different_marks(c):
    c.fresh()
    mark(c, "p3", 4), mark(c, "p1", 1, 3), mark(c, "p1", 3), mark(c, "p4", 1.5)
    assert places(c) == [(1, "Brandt, Uwe", 1.5), (1, "Wenzel, Ada", 1.5), (3, "Ngata, Mia", 4.0)]


def check_same_ranking(c):
    mark(c, "p1", 2), mark(c, "p2", 1)
    assert places(c) == [(1, "Conti, Leo", 1.0), (2, "Wenzel, Ada", 2.0)]
    assert c.get("/classes/7b/ranking").json() == []


def check_same_rest(c):
    mark(c, "p3", 2), mark(c, "p1", 2)
    assert [(p["id"], p["average"]) for p in c.get("/classes/7a").json()] == [("p4", None), ("p2", None), ("p3", 2.0), ("p1", 2.0)]
    assert c.get("/classes/7a/subjects/art").json() == {"subject": "art", "marks": 2, "best": 2.0, "worst": 2.0}
    assert c.get("/classes/8c/ranking").json() == {"detail": "unknown class"}
