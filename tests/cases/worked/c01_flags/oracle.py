def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and "error" in r.json(), r
    assert c.get("/flags/checkout-v2").json()["requires"] == []
    assert c.get("/flags/express-pay").json()["rests_on"] == ["checkout-v2"]


def check_fix_three(c):
    c.fresh()
    assert c.put("/flags/gift-wrap/requires", {"requires": ["express-pay"]}).status == 200
    r = c.put("/flags/checkout-v2/requires", {"requires": ["one-click", "gift-wrap"]})
    assert r.status == 409 and "error" in r.json(), r
    assert c.get("/flags/gift-wrap").json()["rests_on"] == ["checkout-v2", "express-pay"]
    r = c.get("/flags")
    assert r.status == 200 and len(r.json()) == 4, r
    assert c.get("/flags/gift-wrap/evaluate?user=u").json()["enabled"] is False


def check_same_diamond(c):
    c.put("/flags/gift-wrap/requires", {"requires": ["checkout-v2"]})
    r = c.put("/flags/one-click/requires", {"requires": ["gift-wrap", "express-pay", "gift-wrap"]})
    assert r.status == 200 and r.json()["requires"] == ["gift-wrap", "express-pay"], r
    assert r.json()["rests_on"] == ["checkout-v2", "gift-wrap", "express-pay"]


def check_same_refusals(c):
    assert c.put("/flags/gift-wrap/requires", {"requires": ["gift-wrap"]}).status == 409
    assert c.put("/flags/gift-wrap/requires", {"requires": ["zz"]}).status == 400
    assert c.put("/flags/zz/requires", {"requires": []}).status == 404


def check_same_clear_and_turn(c):
    assert c.put("/flags/express-pay/requires", {"requires": []}).json()["rests_on"] == []
    assert c.put("/flags/checkout-v2/requires", {"requires": ["express-pay"]}).json()["rests_on"] == ["express-pay"]
