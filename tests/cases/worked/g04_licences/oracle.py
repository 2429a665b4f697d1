GOOD = {"street": "Quay 3", "postcode": "8010", "town": "Alm"}


def issue(c):
    return c.post("/licences", {"holder": "Ole", "water": "river-alm", "kind": "day", "from": "2024-05-01"}).json()["number"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 400 and r.json().get("error"), r
    assert c.get("/licences/1001").json()["address"] is None


def check_fix_each_field(c):
    c.fresh()
    n = issue(c)
    for field in GOOD:
        r = c.put(f"/licences/{n}/address", {k: v for k, v in GOOD.items() if k != field})
        assert r.status == 400 and r.json().get("error"), (field, r)
    assert c.put(f"/licences/{n}/address", {}).status == 400


def check_fix_keeps_the_old_one(c):
    c.fresh()
    n = issue(c)
    c.put(f"/licences/{n}/address", GOOD)
    assert c.put(f"/licences/{n}/address", {"street": "Elsewhere 1"}).status == 400
    assert c.get(f"/licences/{n}").json()["address"] == GOOD


def check_same_address(c):
    n = issue(c)
    r = c.put(f"/licences/{n}/address", {**GOOD, "town": " Alm "})
    assert r.status == 200 and r.json()["address"] == GOOD, r


def check_same_unknown(c):
    assert c.put("/licences/5/address", GOOD).status == 404


def check_same_not_an_object(c):
    n = issue(c)
    assert c.put(f"/licences/{n}/address", ["x"]).status == 400
