def ordered(c, *items, guest="g"):
    for dish, qty in items:
        c.post(f"/baskets/{guest}/items", {"dish": dish, "qty": qty})
    return c.post(f"/baskets/{guest}/checkout").json()["number"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 201, r
    assert r.json() == {"guest": "noa", "lines": [{"dish": "thukpa", "qty": 1, "cents": 1050}, {"dish": "momo", "qty": 2, "cents": 750}],
                        "delivery": 0, "total": 2550, "dropped": []}, r
    assert c.post("/baskets/noa/checkout").json()["total"] == 2550


def check_fix_todays_prices(c):
    c.fresh()
    n = ordered(c, ("dal", 1), ("lassi", 2), ("momo", 1))
    c.put("/menu/dal", {"cents": 990})
    c.delete("/menu/lassi")
    r = c.post(f"/baskets/g/reorder/{n}")
    assert r.status == 201 and r.json() == {"guest": "g", "lines": [{"dish": "dal", "qty": 1, "cents": 990}, {"dish": "momo", "qty": 1, "cents": 750}],
                                            "delivery": 290, "total": 2030, "dropped": ["lassi"]}, r


def check_fix_adds_up_and_history_stays(c):
    c.fresh()
    n = ordered(c, ("dal", 1))
    c.put("/menu/dal", {"cents": 1000})
    c.post(f"/baskets/g/reorder/{n}")
    r = c.post("/baskets/g/items", {"dish": "lassi", "qty": 1})
    assert r.status == 201 and r.json()["total"] == 1610, r
    assert c.get("/guests/g/orders").json() == [{"number": n, "guest": "g", "lines": [{"dish": "dal", "qty": 1, "cents": 890}], "total": 1180}]


def check_same_basket(c):
    r = c.post("/baskets/g/items", {"dish": "dal", "qty": 3})
    assert r.json() == {"guest": "g", "lines": [{"dish": "dal", "qty": 3, "cents": 890}], "delivery": 0, "total": 2670}
    assert c.post("/baskets/g/items", {"dish": "soup"}).json() == {"detail": "soup is not on the menu"}


def check_same_reorder_refused(c):
    n = ordered(c, ("dal", 1))
    assert c.post(f"/baskets/h/reorder/{n}").status == 404
    assert c.post("/baskets/g/reorder/99").json() == {"detail": "no such order"}
    c.post("/baskets/g/items", {"dish": "dal"})
    assert c.post(f"/baskets/g/reorder/{n}").status == 409
