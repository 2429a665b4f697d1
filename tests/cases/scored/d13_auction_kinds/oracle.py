def bring(c, title="Vase", **kw):
    return c.post("/sellers/roth/items", {"title": title, **kw}).json()["number"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.json() == {"lines": [{"number": 1, "title": "Carriage clock", "price": 400, "commission": 48}], "unsold": 1, "payout": 352}, r


def check_fix_kept_like_the_others(c):
    c.fresh()
    n = bring(c)
    assert c.patch(f"/items/{n}", {"kind": " CHARITY"}).json()["kind"] == "charity"
    assert [i["number"] for i in c.get("/items?kind=charity").json()] == [n]
    c.post(f"/items/{n}/sale", {"price": 90})
    assert c.get("/sellers/roth/statement").json()["payout"] == 90


def check_fix_back_to_standard(c):
    c.fresh()
    n = bring(c, kind="charity")
    c.patch(f"/items/{n}", {"kind": "Standard"})
    c.post(f"/items/{n}/sale", {"price": 1000})
    assert c.get("/sellers/roth/statement").json()["lines"][0]["commission"] == 180


def check_same_change(c):
    n = bring(c)
    assert c.patch(f"/items/{n}", {"title": "Blue vase", "kind": "estate"}).json() == {"number": n, "seller": "roth", "title": "Blue vase", "kind": "estate", "price": None}


def check_same_all_or_nothing(c):
    n = bring(c)
    r = c.patch(f"/items/{n}", {"title": "Blue vase", "kind": "loan"})
    assert r.status == 400 and "kind must be" in r.json()["error"]
    assert c.patch(f"/items/{n}", {"title": " ", "kind": "estate"}).status == 400
    assert c.get("/items").json() == [{"number": n, "seller": "roth", "title": "Vase", "kind": "standard", "price": None}]


def check_same_minimum(c):
    n, m = bring(c), bring(c)
    c.post(f"/items/{n}/sale", {"price": 40})
    c.post(f"/items/{m}/sale", {"price": 9})
    assert [x["commission"] for x in c.get("/sellers/roth/statement").json()["lines"]] == [15, 9]
