def check_fix_replay(c):
    r = c.replay()
    assert r.status == 404 and r.json().get("error"), r


def check_fix_other(c):
    c.fresh()
    for path in ("/ports/tarn/tides?day=2025-01-01", "/ports/elder/tides?day=2026-01-01", "/ports/elder/tides?day=0999-01-01"):
        r = c.get(path)
        assert r.status == 404 and r.json().get("error"), (path, r)


def check_same_days(c):
    r = c.get("/ports/marsk/tides?day=2025-01-01")
    assert r.status == 200 and [t["kind"] for t in r.json()["tides"]] == ["high", "low", "high", "low"], r
    r = c.get("/ports/marsk/tides?day=2025-12-31")
    assert r.status == 200 and r.json()["tides"] == [], r


def check_same_highest(c):
    assert c.get("/ports/elder/highest/2025").json() == {"day": "2025-01-02", "time": "04:38", "metres": 4.31}
    assert c.get("/ports/marsk/highest/2024").status == 404


def check_same_refused(c):
    assert c.get("/ports/elder/tides?day=x").status == 400
    assert c.get("/ports/zzz/tides?day=2025-01-01").status == 404
    assert c.get("/ports").json()[2] == {"port": "tarn", "name": "Tarnness", "years": []}
