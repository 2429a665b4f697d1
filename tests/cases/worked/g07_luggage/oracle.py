def report(c):
    return c.post("/reports", {"passenger": "Ito", "flight": "xy1", "looks": "blue"}).json()["ref"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 404 and r.json().get("error"), r
    assert c.get("/reports/1").json()["bags"] == []


def check_fix_then_found(c):
    c.fresh()
    ref = report(c)
    assert c.post(f"/reports/{ref}/match", {"tag": "Z9"}).status == 404
    assert c.get("/bags").json() == []
    c.put("/bags/Z9", {"looks": "blue", "belt": 1})
    r = c.post(f"/reports/{ref}/match", {"tag": "Z9"})
    assert r.status == 200 and r.json()["report_ref"] == ref, r


def check_fix_no_tag(c):
    c.fresh()
    r = c.post(f"/reports/{report(c)}/match", {})
    assert r.status in (400, 404) and r.json().get("error"), r


def check_same_match(c):
    ref = report(c)
    c.put("/bags/T1", {"looks": "blue", "belt": 1})
    for _ in range(2):
        assert c.post(f"/reports/{ref}/match", {"tag": " T1 "}).json() == {"tag": "T1", "belt": 1, "looks": "blue", "report_ref": ref, "handed_over": 0}


def check_same_taken(c):
    a, b = report(c), report(c)
    c.put("/bags/T1", {"looks": "blue", "belt": 1})
    c.post(f"/reports/{a}/match", {"tag": "T1"})
    assert c.post(f"/reports/{b}/match", {"tag": "T1"}).status == 409


def check_same_no_report(c):
    r = c.post("/reports/5/match", {"tag": "T1"})
    assert r.status == 404 and r.json() == {"error": "no such report"}
