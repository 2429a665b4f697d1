def new(c, name, pitch):
    return c.post("/stalls", {"name": name, "goods": "fruit", "pitch": pitch})


def move(c, name, pitch):
    return c.put(f"/stalls/{name}/pitch", {"pitch": pitch})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"B": [{"number": 7, "stall": "Berries"}], "D": [{"number": 1, "stall": "Apples"}]}, r


def check_fix_spelling(c):
    c.fresh()
    new(c, "X", "A1")
    new(c, "Y", "A2")
    assert move(c, "X", " h12 ").json()["pitch"] == "H12"
    assert move(c, "Y", "h12").status == 409
    assert c.get("/map").json() == {"A": [{"number": 2, "stall": "Y"}], "H": [{"number": 12, "stall": "X"}]}


def check_fix_not_a_pitch(c):
    c.fresh()
    new(c, "X", "A1")
    for pitch in ("by the fountain", "A0", "12", "Q3"):
        r = move(c, "X", pitch)
        assert r.status == 400 and r.json().get("error"), r
    assert c.get("/map").json() == {"A": [{"number": 1, "stall": "X"}]}


def check_same_move(c):
    new(c, "X", "A1")
    assert move(c, "X", "G9").json() == {"name": "X", "goods": "fruit", "pitch": "G9"}
    assert c.get("/map").json() == {"G": [{"number": 9, "stall": "X"}]}


def check_same_refusals(c):
    new(c, "X", "A1")
    new(c, "Y", "A2")
    assert move(c, "X", "A2").status == 409
    assert move(c, "X", "").status == 400
    assert move(c, "Z", "A3").status == 404
    assert new(c, "W", "zz").status == 400
