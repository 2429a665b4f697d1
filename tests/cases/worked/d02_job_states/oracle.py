def new(c, *states):
    n = c.post("/postings", {"title": "Baker", "employer": "Ofenhaus"}).json()["id"]
    for s in states:
        assert c.put(f"/postings/{n}/state", {"state": s}).status == 200
    return n


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and r.json()["error"]["code"] == "not_allowed", r


def check_fix_all_targets(c):
    c.fresh()
    n = new(c, "withdrawn")
    for target in ("draft", "published", "paused", "filled"):
        r = c.put(f"/postings/{n}/state", {"state": target})
        assert r.status == 409 and "withdrawn" in r.json()["error"]["message"], r
    assert c.get(f"/postings/{n}").json()["state"] == "withdrawn"
    assert c.get(f"/postings/{n}/history").json() == [["draft", "withdrawn"]]


def check_same_twice(c):
    n = new(c, "withdrawn")
    assert c.put(f"/postings/{n}/state", {"state": "withdrawn"}).json()["label"] == "Withdrawn"


def check_same_filled(c):
    n = new(c, "published", "filled")
    r = c.put(f"/postings/{n}/state", {"state": "paused"})
    assert r.status == 409 and r.json()["error"]["code"] == "not_allowed"


def check_same_pause(c):
    n = new(c, "published", "paused", "published", "filled")
    assert len(c.get(f"/postings/{n}/history").json()) == 4


def check_same_unknown_state(c):
    n = new(c, "withdrawn")
    r = c.put(f"/postings/{n}/state", {"state": "lost"})
    assert r.status == 422 and r.json()["error"]["code"] == "invalid"
