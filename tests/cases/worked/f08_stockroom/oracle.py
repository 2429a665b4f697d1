SODA, SALT = "144-55-8", "7647-14-5"


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 400 and r.json().get("error"), r
    assert all(s["grams"] == 0 for s in c.get("/substances").json())


def check_fix_other_kinds(c):
    c.fresh()
    for item in (7, None, [SODA, 5], True, ""):
        r = c.post("/deliveries", {"items": [item]})
        assert r.status == 400 and r.json().get("error"), (item, r)


def check_fix_nothing_booked(c):
    c.fresh()
    assert c.post("/deliveries", {"items": [{"cas": SODA, "amount": 10}, SALT]}).status == 400
    assert c.get(f"/substances/{SODA}").json()["grams"] == 0


def check_same_delivery(c):
    r = c.post("/deliveries", {"items": [{"cas": SODA, "amount": 1.5, "unit": "kg"}, {"cas": SALT, "amount": 3}]})
    assert r.status == 201 and r.json() == {"booked": 2, "grams": 1503.0}
    assert c.get(f"/substances/{SALT}").json()["grams"] == 3


def check_same_refusals(c):
    for items in ([], {}, "x", None, [{}], [{"cas": SODA}], [{"cas": SODA, "amount": 1, "unit": "t"}]):
        assert c.post("/deliveries", {"items": items}).status == 400, items
