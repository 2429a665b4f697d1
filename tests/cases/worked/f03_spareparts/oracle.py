def check_fix_replay(c):
    r = c.replay()
    assert r.status == 201, r
    body = r.json()
    assert (body["gross"], body["discount"], body["total"]) == (2770, 0, 2770), r
    assert body["customer"] == "Gartenverein Sued" and body["number"] == 1


def check_fix_is_kept(c):
    c.fresh()
    c.post("/quotes", {"customer": "k200", "lines": [{"part": "FLT-OX9", "qty": 2}]})
    body = c.post("/quotes", {"customer": "k300", "lines": [{"part": "FLT-OX9", "qty": 2}]}).json()
    assert body["number"] == 2 and body["total"] == 3700
    assert c.get("/quotes/2").json() == body


def check_same_dealer(c):
    body = c.post("/quotes", {"customer": "k200", "lines": [{"part": "BLT-A46", "qty": 2}]}).json()
    assert (body["gross"], body["discount"], body["total"]) == (2580, 645, 1935)


def check_same_refusals(c):
    assert c.post("/quotes", {"customer": "k300", "lines": []}).status == 400
    assert c.post("/quotes", {"customer": "k301", "lines": [{"part": "BLT-A46"}]}).status == 404
    assert c.post("/quotes", {"customer": "k300", "lines": [{"part": "nope"}]}).status == 404


def check_same_price(c):
    assert c.get("/parts/FLT-OX9/price?customer=k300").json() == {"cents": 1850, "available": False}
