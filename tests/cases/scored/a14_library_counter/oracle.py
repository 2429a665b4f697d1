def lend(c, barcode, card="C11", on="2024-02-01"):
    return c.post("/loans", {"card": card, "barcode": barcode, "on": on})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and r.json()["fault"] == "not-out" and r.json()["text"], r
    assert lend(c, "T-0004", "C13").status == 201


def check_fix_never_lent(c):
    c.fresh()
    lend(c, "T-0002")
    c.post("/holds", {"card": "C12", "title": 2})
    r = c.post("/returns", {"barcode": "T-0003", "on": "2024-02-02"})
    assert r.status == 409 and r.json()["fault"] == "not-out", r
    assert c.get("/patrons/C11").json()["loans"] == [{"barcode": "T-0002", "due": "2024-02-22"}]
    r = c.post("/returns", {"barcode": "T-0002", "on": "2024-02-02"})
    assert r.status == 200 and r.json()["put_aside_for"] == "C12", r


def check_same_return(c):
    lend(c, "T-0001")
    r = c.post("/returns", {"barcode": "T-0001", "on": "2024-03-01"})
    assert r.json() == {"barcode": "T-0001", "name": "The Tin Drum", "title": 1, "fee": 160, "put_aside_for": None}


def check_same_missing(c):
    r = c.post("/returns", {"barcode": "X", "on": "2024-03-01"})
    assert r.status == 404 and r.json()["fault"] == "no-copy"
    assert c.post("/returns", {"barcode": "T-0001"}).status == 422


def check_same_renewal(c):
    r = c.post("/loans/T-0001/renewal?on=2024-02-01")
    assert r.status == 409 and r.json() == {"fault": "not-out", "text": "T-0001 is not on loan"}
