def play(c, start, seconds, title="T"):
    return c.post("/stations/fjord/plays", {"artist": "A", "title": title, "start": start, "seconds": seconds})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.text == "Nachtwelle" and r.headers["content-type"].startswith("text/plain"), r


def check_fix_nothing_yet(c):
    c.fresh()
    r = c.get("/stations/fjord/display?at=0")
    assert r.status == 200 and r.text == "Radio Fjord", r


def check_fix_edges(c):
    c.fresh()
    play(c, 10, 20)
    play(c, 40, 5, "U")
    got = [c.get(f"/stations/fjord/display?at={at}").text for at in (9, 10, 29, 30, 39, 40, 45)]
    assert got == ["Radio Fjord", "A - T", "A - T", "Radio Fjord", "Radio Fjord", "A - U", "Radio Fjord"], got


def check_same_running(c):
    play(c, 10, 20, "x" * 70)
    r = c.get("/stations/fjord/display?at=12")
    assert r.text == "A - " + "x" * 57 + "..." and r.headers["content-type"].startswith("text/plain"), r


def check_same_now(c):
    assert c.get("/stations/fjord/now?at=5").json() == {"station": "Radio Fjord", "track": None, "before": None}
    play(c, 10, 20)
    assert c.get("/stations/fjord/now?at=35").json() == {"station": "Radio Fjord", "track": None, "before": "A - T"}
    assert c.get("/stations/fjord/now?at=11").json()["track"] == {"artist": "A", "title": "T", "start": 10, "seconds": 20}


def check_same_refused(c):
    assert c.get("/stations/zz/display?at=1").status == 404
    assert c.get("/stations/fjord/display").status == 422
