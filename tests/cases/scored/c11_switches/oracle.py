def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.json() == {"key": "night-sale", "on": True, "changes": "2024-11-30T04:00:00+00:00"}, r


def check_fix_utc_edges(c):
    c.fresh()
    url = "/switches/night-sale/state"
    assert c.get(url, query={"at": "2024-11-29T19:59:59"}).json()["on"] is False
    assert c.get(url, query={"at": "2024-11-29T20:00"}).json()["on"] is True
    r = c.get(url, query={"at": "2024-11-30"})
    assert r.status == 200 and r.json()["on"] is True, r
    assert c.get(url, query={"at": "2024-11-30T04:00:00"}).json() == {"key": "night-sale", "on": False, "changes": None}


def check_fix_clear_before(c):
    c.fresh()
    r = c.delete("/switches/night-sale/windows", query={"before": "2024-11-30T03:59:59"})
    assert r.status == 200 and r.json()["removed"] == 0, r
    r = c.delete("/switches/night-sale/windows", query={"before": "2024-11-30T04:00:00"})
    assert r.status == 200 and r.json()["removed"] == 1, r


def check_same_offsets(c):
    url = "/switches/night-sale/state"
    assert c.get(url, query={"at": "2024-11-29T22:00:00+03:00"}).json()["on"] is False
    assert c.get(url, query={"at": "2024-11-29T23:00:00+03:00"}).json()["on"] is True


def check_same_windows(c):
    r = c.post("/switches/new-search/windows", {"from": "2025-01-01T00:00", "until": "2025-01-01T03:00+01:00"})
    assert r.status == 201 and r.json()["windows"] == [{"from": "2025-01-01T00:00:00+00:00", "until": "2025-01-01T02:00:00+00:00"}], r
    assert c.post("/switches/new-search/windows", {"from": "2025-01-01T01:00", "until": "2025-01-01T05:00"}).status == 409
    assert c.post("/switches/new-search/windows", {"from": "2025-01-09T01:00", "until": "2025-01-08T05:00"}).json()["code"] == "bad_window"


def check_same_bad(c):
    assert c.get("/switches/night-sale/state", query={"at": "29.11.2024"}).json()["code"] == "bad_time"
    assert c.get("/switches/nope/state", query={"at": "2024-11-29T22:00:00"}).status == 404
