def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    b = r.json()
    assert (b["lot"], b["state"], b["leading"], b["reserve_met"], b["buyer"], b["price"]) == (3, "passed", None, False, None, None), r


def check_fix_really_closed(c):
    c.fresh()
    c.post("/lots/4/hammer")
    assert c.get("/lots/4").json()["state"] == "passed"
    assert c.post("/lots/4/bids", {"bidder": "ines", "amount": 500}).status == 409
    assert c.post("/lots/4/hammer").status == 409
    assert [x["lot"] for x in c.get("/lots?state=passed").json()] == [4]


def check_fix_takings_unaffected(c):
    c.fresh()
    c.post("/lots/3/hammer")
    c.post("/lots/2/bids", {"bidder": "otto", "amount": 100})
    c.post("/lots/2/hammer")
    assert c.get("/takings").json() == {"lots": 1, "total": 100}


def check_same_sold(c):
    c.post("/lots/1/bids", {"bidder": "ines", "amount": 200})
    b = c.post("/lots/1/hammer").json()
    assert (b["state"], b["buyer"], b["price"], b["reserve_met"]) == ("sold", "ines", 200, True)


def check_same_reserve_not_met(c):
    c.post("/lots/4/bids", {"bidder": "ines", "amount": 200})
    b = c.post("/lots/4/hammer").json()
    assert (b["state"], b["leading"], b["buyer"], b["price"]) == ("passed", 200, None, None)


def check_same_unknown(c):
    assert c.post("/lots/77/hammer").status == 404


def check_same_withdrawn(c):
    c.post("/lots/3/withdraw")
    r = c.post("/lots/3/hammer")
    assert r.status == 409 and "withdrawn" in r.json()["detail"]
