def order(c, km, product="baguette", qty=1):
    return c.post("/orders", {"customer": "Jo", "items": [{"product": product, "qty": qty}], "delivery": {"street": "Quay 4", "km": km}})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 201, r
    body = r.json()
    assert (body["goods"], body["fee"], body["total"]) == ("5.80", "2.00", "7.80"), r
    assert c.get("/orders/1").json() == body


def check_fix_to_the_cent(c):
    c.fresh()
    for km, fee in ((3.25, "2.60"), (0.4, "0.32"), (1.12, "0.90"), (11.99, "9.59")):
        r = order(c, km)
        assert r.status == 201 and r.json()["fee"] == fee, (km, r)


def check_same_whole(c):
    body = order(c, 4).json()
    assert (body["fee"], body["total"]) == ("3.20", "5.10")


def check_same_limits(c):
    assert order(c, 12.5).status == 422
    assert order(c, 0).status == 422
    assert order(c, 2.5, "tart", 2).json()["fee"] == "0.00"


def check_same_text(c):
    assert order(c, "far").status == 422
