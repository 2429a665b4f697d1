def lines(*pairs):
    return {"email": "k@b.example", "lines": [{"tier": t, "qty": q} for t, q in pairs]}


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 422 and r.json()["error"]["code"] == "unknown_tier" and r.json()["error"]["message"], r
    assert c.get("/events/gala").json()["tiers"]["stalls"]["left"] == 40


def check_fix_other_events_tier(c):
    c.fresh()
    for body in (lines(("floor", 1)), lines(("", 2), ("box", 1)), lines(("box", 1), ("Box", 1))):
        r = c.post("/events/gala/orders", body)
        assert r.status == 422 and r.json()["error"]["code"] == "unknown_tier", r
    assert c.get("/events/gala").json()["tiers"]["box"]["left"] == 1
    assert c.post("/events/slam/orders", lines(("floor", 1))).json()["order"] == 1


def check_same_order(c):
    r = c.post("/events/gala/orders", lines(("box", 1), ("stalls", 1)))
    assert r.status == 201 and r.json() == {"order": 1, "event": "gala", "email": "k@b.example", "seats": {"box": 1, "stalls": 1}, "cents": 16500}
    r = c.post("/events/gala/orders", lines(("box", 1)))
    assert r.status == 409 and r.json() == {"error": {"code": "sold_out", "message": "only 0 left in box"}}


def check_same_waiting(c):
    assert c.post("/events/gala/waiting", {"email": "a", "tier": "x"}).json()["error"]["code"] == "unknown_tier"
    assert c.post("/events/gala/waiting", {"email": "a", "tier": "box"}).json()["error"]["code"] == "not_sold_out"
    assert c.post("/events/none/orders", lines(("box", 1))).status == 404
