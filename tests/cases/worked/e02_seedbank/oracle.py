def check_fix_replay(c):
    r = c.replay()
    assert r.status == 400 and r.json().get("error"), r
    item = c.get("/accessions/1").json()
    assert item["grams"] == 120 and item["withdrawals"] == [], item


def check_fix_only_purpose(c):
    c.fresh()
    c.post("/accessions", {"species": "x", "grams": 3})
    r = c.post("/accessions/1/withdrawals", {"purpose": "p"})
    assert r.status == 400 and r.json().get("error"), r


def check_same_withdraw(c):
    c.post("/accessions", {"species": "x", "grams": 3})
    r = c.post("/accessions/1/withdrawals", {"purpose": "p", "grams": 3})
    assert r.status == 201 and r.json() == {"left": 0.0}
    assert c.post("/accessions/1/withdrawals", {"purpose": "p", "grams": 0.1}).status == 409


def check_same_refusals(c):
    c.post("/accessions", {"species": "x", "grams": 3})
    for data in ({"purpose": "p", "grams": None}, {"grams": 1}, [], {"purpose": "p", "grams": True}):
        r = c.post("/accessions/1/withdrawals", data)
        assert r.status == 400 and r.json()["error"], (data, r)
    assert c.post("/accessions/8/withdrawals", {"purpose": "p"}).status == 404
