def sell(c, product="day", starts="2025-02-01T07:00:00Z"):
    return c.post("/passes", {"product": product, "starts": starts}).json()["number"]


def scan(c, n, at, gate="valley"):
    r = c.post(f"/gates/{gate}/scans", {"pass_number": n, "at": at})
    assert r.status == 200, r
    return r.json()


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"open": True, "reason": None}, r
    assert c.get("/passes/1/scans").json() == [{"gate": "glacier", "at": "2025-02-01T09:12:00Z"}]


def check_fix_offset_counts(c):
    c.fresh()
    n = sell(c)
    assert scan(c, n, "2025-02-01T07:30:00+01:00")["reason"] == "not yet valid"
    assert scan(c, n, "2025-02-01T16:30:00+01:00")["open"] is True
    assert scan(c, n, "2025-02-01T11:30:00-05:00")["reason"] == "expired"


def check_fix_mixed_scans(c):
    c.fresh()
    n = sell(c)
    assert scan(c, n, "2025-02-01T08:00:00")["open"] is True
    assert scan(c, n, "2025-02-01T09:03:00+01:00")["reason"] == "used just now"
    assert scan(c, n, "2025-02-01T09:05:00+01:00")["open"] is True
    assert scan(c, n, "2025-02-01T08:11:00")["open"] is True
    assert [s["at"] for s in c.get(f"/passes/{n}/scans").json()] == ["2025-02-01T08:00:00Z", "2025-02-01T08:05:00Z", "2025-02-01T08:11:00Z"]


def check_same_without_offset(c):
    n = sell(c)
    assert scan(c, n, "2025-02-01T07:00:00")["open"] is True
    assert scan(c, n, "2025-02-01T16:00:00")["reason"] == "expired"


def check_same_blocked(c):
    n = sell(c)
    c.post(f"/passes/{n}/block")
    assert scan(c, n, "2025-02-01T08:00:00Z") == {"open": False, "reason": "blocked"}


def check_same_left(c):
    n = sell(c, "half-day")
    assert c.get(f"/passes/{n}/left?now=2025-02-01T10:15:00Z").json() == {"minutes": 45}
    assert c.get(f"/passes/{n}/left?now=2025-02-01T18:15:00").json() == {"minutes": 0}


def check_same_unknown(c):
    assert c.post("/gates/valley/scans", {"pass_number": 9, "at": "2025-02-01T08:00:00Z"}).status == 404
    n = sell(c)
    assert c.post("/gates/valley/scans", {"pass_number": n, "at": "soon"}).status == 422
