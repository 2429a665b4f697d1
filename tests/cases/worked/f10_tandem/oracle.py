def put(c, nick, speaks, learns, city="Bern"):
    return c.put(f"/profiles/{nick}", {"speaks": speaks.split(), "learns": learns.split(), "city": city})


def nicks(r):
    return [(m["nick"], m["score"]) for m in r.json()]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and nicks(r) == [("ana", 2), ("zoe", 2)], r


def check_fix_best_first_then_name(c):
    c.fresh()
    put(c, "me", "de en", "es fr")
    for nick, speaks, learns in (("tom", "es", "de"), ("bea", "fr", "en"), ("ugo", "es fr", "de"), ("ian", "fr es", "en"), ("lea", "fr", "de"), ("pia", "es fr", "de en")):
        put(c, nick, speaks, learns)
    assert nicks(c.get("/profiles/me/matches")) == [("pia", 4), ("ian", 3), ("ugo", 3), ("bea", 2), ("lea", 2), ("tom", 2)]


def check_same_different_scores(c):
    put(c, "me", "de en", "es")
    put(c, "a", "es", "de")
    put(c, "b", "es", "de en")
    assert nicks(c.get("/profiles/me/matches")) == [("b", 3), ("a", 2)]


def check_same_city(c):
    put(c, "me", "de", "es")
    put(c, "a", "es", "de", "Basel")
    put(c, "b", "es", "de")
    assert c.get("/profiles/me/matches?city=here").json() == [{"nick": "b", "city": "Bern", "score": 2}]


def check_same_404(c):
    assert c.get("/profiles/me/matches").status == 404
