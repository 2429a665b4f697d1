def check_fix_honest_failure(c):
    # only consulted when the code was changed after all
    r = c.replay()
    assert r.status in (502, 503, 504, 507), r
    card = c.get("/cards/1003A").json()
    assert card["state"] == "ordered" and card["copies"] == 0, card


def check_same_print(c):
    c.post("/staff/1002/cards")
    assert c.post("/cards/1002A/print").json() == {"number": "1002A", "staff": "1002", "line": "Omar Aziz / Stores", "state": "printed", "copies": 1}


def check_same_spool_file(c):
    c.fresh(env={"CARD_SPOOL": "cards.spool"})
    for n in ("1001", "1002"):
        c.post(f"/staff/{n}/cards")
        assert c.post(f"/cards/{n}A/print").status == 200
    raw = open("cards.spool", "rb").read()
    assert raw == b"\x0c1001A\nIda Holm / Lab\n\x0c1002A\nOmar Aziz / Stores\n", raw


def check_same_refusals(c):
    c.post("/staff/1002/cards")
    assert c.post("/staff/1002/cards").status == 409
    c.delete("/cards/1002A")
    assert c.post("/cards/1002A/print").status == 409
    assert c.post("/cards/zz/print").status == 404
