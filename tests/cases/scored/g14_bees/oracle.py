def inspect(c, hive="amber", **kw):
    return c.post(f"/hives/{hive}/inspections", {"day": "2024-05-10", "queen_seen": True, "brood_frames": 6, "mites": 4, **kw})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"basil": ["queenless"], "clover": ["mites"]}, r


def check_fix_queen_there(c):
    c.fresh()
    inspect(c, brood_frames=0)
    inspect(c, "basil", brood_frames=0, queen_seen=False, mites=40)
    r = c.get("/concerns")
    assert r.status == 200 and r.json() == {"amber": ["no brood"], "basil": ["mites", "queenless"]}, r


def check_same_queen_missed(c):
    inspect(c, queen_seen=False)
    assert c.get("/concerns").json() == {}


def check_same_mites(c):
    inspect(c, mites=30)
    inspect(c, "clover", mites=31)
    assert c.get("/concerns").json() == {"clover": ["mites"]}


def check_same_log(c):
    assert inspect(c, brood_frames=0).status == 201
    assert c.get("/hives/amber/inspections").json() == [{"hive": "amber", "day": "2024-05-10", "queen_seen": True, "brood_frames": 0, "mites": 4}]
    assert inspect(c, "dill").status == 404
