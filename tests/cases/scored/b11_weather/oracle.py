def put(c, code, value, quantity="temperature"):
    assert c.post(f"/stations/{code}/readings", {"at": "2024-06-01T10:00", "quantity": quantity, "value": value}).status == 201


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 404 and r.json()["detail"], r


def check_fix_first_missing(c):
    c.fresh()
    put(c, "valley", 3, "wind")
    put(c, "summit", 9, "rain")
    r = c.get("/difference?a=summit&b=valley&quantity=wind")
    assert r.status == 404 and "detail" in r.json(), r


def check_fix_neither(c):
    c.fresh()
    r = c.get("/difference?a=summit&b=pass")
    assert r.status == 404 and "detail" in r.json(), r


def check_same_difference(c):
    put(c, "summit", 0.0)
    put(c, "valley", 0)
    assert c.get("/difference?a=summit&b=valley").json() == {"difference": 0.0, "per_100m": 0.0, "unit": "°C"}
    put(c, "pass", 2.5)
    assert c.get("/difference?a=valley&b=pass").json()["difference"] == -2.5


def check_same_refusals(c):
    assert c.get("/difference?a=summit&b=moon").status == 404
    assert c.get("/difference?a=summit&b=summit").status == 400
    assert c.get("/difference?a=summit&b=pass&quantity=snow").status == 400
    assert c.get("/difference?b=pass").status == 404


def check_same_latest(c):
    put(c, "summit", -4)
    assert c.get("/stations/summit/latest").json()["value"] == -4
    assert c.get("/stations/pass/latest").status == 404 and c.get("/stations/pass/range").status == 404
