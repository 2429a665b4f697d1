def load(c, kw, hour=8, feeder="south"):
    return c.post(f"/feeders/{feeder}/loads", {"at": f"2024-01-10T{hour:02}:00:00", "kw": kw})


def alert(c, above, mode="always", phone="+100000", feeder="south"):
    return c.post("/alerts", {"feeder": feeder, "above": above, "phone": phone, "mode": mode}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 201 and r.json() == {"feeder": "north", "loads": 1, "alerts": [1, 2]}, r
    assert [x["to"] for x in c.get("/outbox").json()] == ["+4530303030", "+4540404040"]
    assert [(a["id"], a["fired"]) for a in c.get("/alerts").json()] == [(2, 1)]


def check_fix_several_at_once(c):
    c.fresh()
    for above, mode in ((100, "once"), (120, "once"), (300, "once"), (110, "always"), (90, "once")):
        alert(c, above, mode)
    r = load(c, 150)
    assert r.status == 201 and r.json()["alerts"] == [1, 2, 4, 5], r
    r = load(c, 150, 9)
    assert r.status == 201 and r.json() == {"feeder": "south", "loads": 2, "alerts": [4]}, r
    assert len(c.get("/outbox").json()) == 5
    assert [(a["id"], a["fired"]) for a in c.get("/alerts").json()] == [(3, 0), (4, 2)]


def check_fix_single(c):
    c.fresh()
    alert(c, 100, "once")
    assert load(c, 101).json()["alerts"] == [1]
    assert c.get("/alerts").json() == []
    assert c.delete("/alerts/1").status == 404


def check_same_always(c):
    alert(c, 100), alert(c, 50, feeder="quay"), alert(c, 100, "once", feeder="north")
    assert load(c, 100).json()["alerts"] == []
    assert load(c, 101, 9).json()["alerts"] == [1]
    assert len(c.get("/alerts").json()) == 3


def check_same_refused(c):
    load(c, 5)
    assert load(c, 5).json() == {"refused": "loads come in order"}
    assert load(c, 5, feeder="west").status == 404
    assert c.get("/feeders/south/peak").json()["percent"] == 2
