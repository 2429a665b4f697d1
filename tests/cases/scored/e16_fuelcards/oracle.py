def fill(c, number, fuel, litres=10):
    return c.post(f"/cards/{number}/fills", {"fuel": fuel, "litres": litres})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == [
        {"card": "501", "fuel": "e10", "litres": 30, "cents": 5460, "driver": "(card removed)"},
        {"card": "502", "fuel": "diesel", "litres": 55.5, "cents": 9490, "driver": "Olu"},
    ], r


def check_fix_filtered(c):
    c.fresh()
    c.post("/cards", {"driver": "A"})
    fill(c, 501, "adblue")
    fill(c, 501, "diesel")
    c.delete("/cards/501")
    r = c.get("/fills?fuel=adblue")
    assert r.status == 200 and [(f["fuel"], f["driver"]) for f in r.json()] == [("adblue", "(card removed)")], r


def check_fix_books_unchanged(c):
    c.replay()
    assert c.get("/drivers").json() == {"(card removed)": 5460, "Olu": 9490}
    assert c.post("/cards/501/fills", {"fuel": "e10", "litres": 1}).status == 404


def check_same_fills(c):
    c.post("/cards", {"driver": "A"})
    fill(c, 501, "e10")
    c.post("/cards/501/block")
    assert c.get("/fills").json() == [{"card": "501", "fuel": "e10", "litres": 10, "cents": 1820, "driver": "A"}]
    assert c.get("/fills?fuel=diesel").json() == []


def check_same_remove(c):
    c.post("/cards", {"driver": "A"})
    assert c.delete("/cards/501").json() == {"removed": "501"}
    assert c.delete("/cards/501").status == 404
    assert fill(c, 501, "e10").status == 404
