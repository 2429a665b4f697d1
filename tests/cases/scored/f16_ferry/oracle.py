EXTRA = {"from": "Skarvik", "to": "Ytre", "departs": "13:00", "seats": 10}


def book(c, code, seats):
    return c.post(f"/sailings/{code}/bookings", {"name": "Odd", "seats": seats})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 201 and r.json() == {"code": "HO-2330", "name": "Marit", "seats": 4, "free": 56}, r
    assert c.get("/sailings/HO-2330/manifest").json() == {"code": "HO-2330", "passengers": [{"name": "Marit", "seats": 4}], "free": 56}


def check_fix_manifest_and_change(c):
    c.fresh()
    c.put("/sailings/SK-1300", EXTRA)
    assert c.get("/sailings/SK-1300/manifest").json() == {"code": "SK-1300", "passengers": [], "free": 10}
    assert c.put("/sailings/SK-1300", {**EXTRA, "seats": 5}).status == 200
    assert book(c, "SK-1300", 6).status == 409
    assert book(c, "SK-1300", 5).status == 201
    assert c.put("/sailings/SK-1300", {**EXTRA, "seats": 4}).status == 409
    assert c.delete("/sailings/SK-1300").status == 409


def check_fix_cancel(c):
    c.fresh()
    c.put("/sailings/SK-1300", EXTRA)
    assert c.delete("/sailings/SK-1300").status == 204
    assert c.get("/sailings/SK-1300/manifest").status == 404


def check_same_change_keeps_bookings(c):
    book(c, "SK-0800", 7)
    assert c.put("/sailings/SK-0800", {"from": "Skarvik", "to": "Holm", "departs": "08:05", "seats": 60}).status == 200
    assert c.get("/sailings/SK-0800/manifest").json() == {"code": "SK-0800", "passengers": [{"name": "Odd", "seats": 7}], "free": 53}


def check_same_refusals(c):
    assert c.put("/sailings/SK-1300", {**EXTRA, "seats": 0}).status == 400
    assert book(c, "SK-1300", 1).status == 404
    assert book(c, "HO-0930", 121).status == 409


def check_same_cancel(c):
    assert c.delete("/sailings/HO-0930").status == 204
    assert c.delete("/sailings/HO-0930").status == 404
