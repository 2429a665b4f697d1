def add(c, **kw):
    return c.post("/coupons", {"code": "ABCD", "kind": "cents", "value": 500, **kw})


def bill(c, cents, where="check", day="2024-01-01"):
    return c.post(f"/{where}", {"code": "ABCD", "cents": cents, "day": day})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"off": 500, "pay": 1390}, r


def check_fix_any_bill(c):
    c.fresh()
    add(c)
    for cents, off in ((0, 0), (1, 1), (500, 500), (10 ** 9, 500)):
        r = bill(c, cents)
        assert r.status == 200 and r.json() == {"ok": True, "reason": None, "off": off, "pay": cents - off}, (cents, r)


def check_fix_other_rules_still_count(c):
    c.fresh()
    add(c, uses=1, until="2024-06-30")
    assert bill(c, 900, day="2024-07-01").json()["reason"] == "expired"
    assert bill(c, 900, "redeem").json() == {"off": 500, "pay": 400}
    r = bill(c, 900, "redeem")
    assert r.status == 409 and r.json() == {"detail": "used up"}, r


def check_same_minimum(c):
    add(c, minimum=800)
    assert bill(c, 799).json() == {"ok": False, "reason": "bill is too small", "off": 0, "pay": 799}
    assert bill(c, 799, "redeem").status == 409
    assert bill(c, 800, "redeem").json() == {"off": 500, "pay": 300}


def check_same_zero(c):
    add(c, minimum=0)
    assert bill(c, 0).json()["ok"] is True


def check_same_echo(c):
    r = add(c)
    assert r.status == 201 and r.json()["minimum"] is None, r
    assert bill(c, 5, day="bad").status == 422
