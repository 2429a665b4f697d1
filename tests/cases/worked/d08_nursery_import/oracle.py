def imp(c, *lines):
    r = c.req("POST", "/plants/import", body="code;name;price\n" + "\n".join(lines) + "\n")
    assert r.status == 200, r
    return r.json()


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"taken": 3, "rejected": []}, r
    assert [(p["code"], p["cents"]) for p in c.get("/plants").json()] == [("BUX20", 950), ("HOST4", 700), ("ILEX3", 124900)]


def check_fix_unusable_price(c):
    c.fresh()
    out = imp(c, "LAV01;Lavender;on request", "LAV02;Lavender white;4,90 €", "LAV03;Lavender pink;0,00")
    assert out["taken"] == 1 and [x["line"] for x in out["rejected"]] == [2, 4], out
    assert all(x["reason"] for x in out["rejected"])
    assert [(p["code"], p["cents"]) for p in c.get("/plants").json()] == [("LAV02", 490)]


def check_same_points(c):
    assert imp(c, "lav01;Lavender;3.95", "lav02;Sage;7")["taken"] == 2
    assert c.get("/plants/lav02").json()["price"] == "7,00 €"


def check_same_rejected(c):
    out = imp(c, "x;Lavender;3.95", "LAV01;Lavender;")
    assert out == {"taken": 0, "rejected": [{"line": 2, "reason": "bad code"}, {"line": 3, "reason": "name and price are required"}]}


def check_same_by_hand(c):
    assert c.put("/plants/OAK99", {"name": "Oak", "price": "1.050,00 €"}).json()["cents"] == 105000
    r = c.put("/plants/OAK99", {"name": "Oak", "price": "dear"})
    assert r.status == 400 and r.json() == {"error": "price is not an amount of money"}
