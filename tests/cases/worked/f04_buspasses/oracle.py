def holder(c):
    h = c.post("/holders", {"name": "Ida"}).json()["id"]
    c.post(f"/holders/{h}/loads", {"cents": 2000})
    return h


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"month": "2024-07", "rides": 0, "lines": [], "spent": 0}, r


def check_fix_never_rode(c):
    c.fresh()
    c.post("/holders", {"name": "Ida"})
    r = c.get("/holders/1/statement?month=2023-12")
    assert r.status == 200 and r.json() == {"month": "2023-12", "rides": 0, "lines": [], "spent": 0}, r


def check_same_statement(c):
    h = holder(c)
    for line in ("9", "7", "9"):
        c.post(f"/holders/{h}/rides", {"line": line, "day": "2024-02-29"})
    assert c.get(f"/holders/{h}/statement?month=2024-02").json() == {"month": "2024-02", "rides": 3, "lines": ["7", "9"], "spent": 7.2}


def check_same_refusals(c):
    h = holder(c)
    assert c.get(f"/holders/{h}/statement").status == 400
    assert c.get("/holders/77/statement?month=2024-02").status == 404
