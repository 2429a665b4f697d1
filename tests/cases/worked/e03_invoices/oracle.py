def add(c, number, customer="ALM", issued="2024-01-31"):
    return c.post("/invoices", {"number": number, "customer": customer, "issued": issued, "cents": 100})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and "detail" in r.json(), r
    assert c.get("/invoices/2038").json()["customer"] == "BRK"
    assert c.get("/invoices/2039").json() == {"number": "2039", "customer": "ALM", "issued": "2024-05-20", "cents": 700}


def check_fix_goes_on(c):
    c.fresh()
    add(c, "1")
    add(c, "2")
    assert c.post("/invoices/1/renumber", {"to": "2"}).status == 409
    r = c.post("/invoices/1/renumber", {"to": "3"})
    assert r.status == 200 and r.json()["number"] == "3", r
    assert c.get("/customers/ALM/total").json()["cents"] == 200


def check_same_renumber(c):
    add(c, "1")
    r = c.post("/invoices/1/renumber", {"to": "9"})
    assert r.status == 200 and r.json()["number"] == "9" and c.get("/invoices/1").status == 404, r
    assert c.post("/invoices/9/renumber", {"to": "9"}).status == 200
    assert c.post("/invoices/1/renumber", {"to": "9"}).status == 404


def check_same_taken(c):
    assert add(c, "5").status == 201
    r = add(c, "5", "BRK")
    assert r.status == 409 and r.json()["detail"] == "number is taken", r


def check_same_latest(c):
    add(c, "7")
    add(c, "8")
    add(c, "9", issued="2023-01-01")
    assert c.get("/customers/ALM/latest").json()["number"] == "8"
    assert c.get("/customers/CED/latest").status == 404
