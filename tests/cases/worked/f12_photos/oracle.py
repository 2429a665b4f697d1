def contest(c, slug):
    c.post("/contests", {"slug": slug, "title": slug})
    return c.post(f"/contests/{slug}/photos", {"author": "Liv", "title": "Ice"}).json()["id"]


def vote(c, slug, photo, points=5):
    return c.post(f"/contests/{slug}/votes", {"photo": photo, "juror": "j", "points": points})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 404 and "detail" in r.json(), r


def check_fix_never_existed(c):
    c.fresh()
    p = contest(c, "aa")
    for photo in (-1, 0, p + 1):
        r = vote(c, "aa", photo)
        assert r.status == 404 and "detail" in r.json(), r
    assert [row["points"] for row in c.get("/contests/aa/ranking").json()] == [0]
    assert vote(c, "aa", p).json() == {"photo": p, "points": 5}


def check_same_of_another_contest(c):
    contest(c, "aa")
    b = contest(c, "bb")
    r = vote(c, "aa", b)
    assert r.status == 404 and "detail" in r.json(), r
    assert [row["points"] for row in c.get("/contests/bb/ranking").json()] == [0]


def check_same_vote(c):
    p = contest(c, "aa")
    assert vote(c, "aa", p, 9).status == 201
    assert vote(c, "aa", p, 2).json() == {"photo": p, "points": 2}


def check_same_closed(c):
    p = contest(c, "aa")
    c.post("/contests/aa/close")
    assert vote(c, "aa", p).status == 409
    assert vote(c, "aa", 99).status == 409


def check_same_unknown_contest(c):
    r = vote(c, "zz", 1)
    assert r.status == 404 and r.json() == {"detail": "no such contest"}
