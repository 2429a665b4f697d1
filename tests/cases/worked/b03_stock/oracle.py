def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and "error" in r.json(), r
    assert c.get("/articles/nut-m8").json()["bins"] == {"A-02": 40}
    assert [m["kind"] for m in c.get("/moves").json()] == ["receipt"]


def check_fix_never_received(c):
    c.fresh()
    r = c.post("/moves/transfers", {"sku": "rod-1m", "from": "DOCK", "to": "A-01", "qty": 1})
    assert r.status == 409 and "error" in r.json(), r
    assert c.get("/articles/rod-1m").json()["qty"] == 0


def check_fix_scanner(c):
    c.fresh()
    c.post("/moves/receipts", {"sku": "nut-m8", "bin": "A-02", "qty": 5})
    for sku in ("nut-m8", "washer-8"):
        r = c.get(f"/articles/{sku}/bins/B-01")
        assert r.status == 200 and r.json() == {"sku": sku, "bin": "B-01", "qty": 0}, r


def check_same_transfer(c):
    c.post("/moves/receipts", {"sku": "nut-m8", "bin": "DOCK", "qty": 5})
    assert c.post("/moves/transfers", {"sku": "nut-m8", "from": "DOCK", "to": "A-01", "qty": 5}).status == 201
    assert c.get("/articles/nut-m8").json()["bins"] == {"A-01": 5}
    assert c.post("/moves/transfers", {"sku": "nut-m8", "from": "DOCK", "to": "A-01", "qty": 1}).status == 409


def check_same_unknown(c):
    assert c.post("/moves/transfers", {"sku": "nail", "from": "DOCK", "to": "A-01", "qty": 5}).status == 404
    assert c.post("/moves/transfers", {"sku": "nut-m8", "from": "DOCK", "to": "Q", "qty": 5}).status == 404
    assert c.get("/articles/nut-m8/bins/Q").status == 404


def check_same_bad(c):
    assert c.post("/moves/transfers", {"sku": "nut-m8", "from": "DOCK", "to": "DOCK", "qty": 5}).status == 400
    assert c.post("/moves/transfers", {"sku": "nut-m8", "from": "DOCK", "to": "A-01", "qty": 0}).status == 400
