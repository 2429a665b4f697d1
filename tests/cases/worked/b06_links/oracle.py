from datetime import datetime, timedelta, timezone


def at(hours):
    return (datetime.now(timezone.utc) + timedelta(hours=hours)).replace(tzinfo=None, microsecond=0).isoformat()


def put(c, code, expires):
    r = c.post("/links", {"target": "https://t.example/" + code, "code": code, "expires": expires})
    assert r.status == 201, r


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 302 and r.headers["location"] == "https://fair.example/tickets", r
    assert c.get("/links/fair/visits").json()["visits"] == 1


def check_fix_is_utc(c):
    c.fresh()
    for hours in (-10, -3, 3, 10):
        put(c, f"h{hours}", at(hours))
    assert [c.get(f"/h{h}").status for h in (-10, -3, 3, 10)] == [410, 410, 302, 302]


def check_fix_active(c):
    c.fresh()
    put(c, "old", at(-2))
    put(c, "new", at(2))
    put(c, "ever", None)
    put(c, "off", "2999-01-01T00:00:00+05:00")
    r = c.get("/links?active=1")
    assert r.status == 200 and [x["code"] for x in r.json()] == ["new", "ever", "off"], r


def check_fix_day_only(c):
    c.fresh()
    put(c, "d", "2021-03-04")
    assert c.get("/d").status == 410


def check_same_offsets(c):
    put(c, "z", "2999-01-01T00:00:00+00:00")
    put(c, "p", "2021-01-01T00:00:00-08:00")
    assert c.get("/z").status == 302 and c.get("/p").status == 410
    assert c.get("/links/z").json()["expires"] == "2999-01-01T00:00:00+00:00"
    assert [x["code"] for x in c.get("/links?active=1").json()] == ["z"]


def check_same_refused(c):
    assert c.post("/links", {"target": "https://t.example", "expires": "later"}).status == 400
    assert c.post("/links", {"target": "https://t.example", "expires": 17}).status == 400
    assert c.get("/nothing").json()["error"]["status"] == 404


def check_same_since(c):
    put(c, "q", None)
    c.get("/q")
    assert c.get(f"/links/q/visits?since={at(-1)}").json()["visits"] == 1
    assert c.get(f"/links/q/visits?since={at(1)}").json()["visits"] == 0
