def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"scene": "5-2", "props": ["dagger", "letter"]}, r


def check_fix_nothing_in_common(c):
    c.fresh()
    r = c.get("/scenes/5-1/props?also=5-2")
    assert r.status == 200 and r.json() == {"scene": "5-1", "props": []}, r


def check_fix_order(c):
    c.fresh()
    for name in ("goblet", "dagger", "letter"):
        c.put(f"/scenes/5-1/props/{name}")
        c.put(f"/scenes/1-1/props/{name}")
    every = ["dagger", "goblet", "lantern", "letter"]
    assert c.get("/scenes/5-1/props?also=1-1").json() == {"scene": "5-1", "props": every}
    assert c.get("/scenes/1-1/props?also=1-1").json() == {"scene": "1-1", "props": every}


def check_same_plain(c):
    assert c.get("/scenes/5-1/props").json() == {"scene": "5-1", "props": ["lantern", "skull"]}


def check_same_unknown(c):
    r = c.get("/scenes/5-1/props?also=")
    assert r.status == 404 and r.json() == {"error": "no such scene"}
    assert c.get("/scenes/0/props?also=5-1").status == 404


def check_same_prop(c):
    assert c.get("/props/letter").json() == {"name": "letter", "shelf": "C4", "scenes": ["3-4", "5-2"]}
