def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.json() == {"blocked": ["D"], "dropped": {"ida": ["D2", "D3"], "olaf": ["D7"]}}, r
    rows = c.get("/shows/2").json()["rows"]
    assert rows["D"] == ["blocked"] * 8 and rows["E"][0] == "held"
    assert c.post("/shows/2/orders", {"who": "olaf"}).json()["sold"] == ["E1"]


def check_fix_single(c):
    c.fresh()
    c.post("/shows/1/holds", {"who": "ann", "seats": ["A5"]})
    r = c.post("/shows/1/blocked/a")
    assert r.status == 200 and r.json() == {"blocked": ["A"], "dropped": {"ann": ["A5"]}}, r
    assert c.post("/shows/1/orders", {"who": "ann"}).status == 409
    assert c.delete("/shows/1/blocked/A").json() == {"blocked": []}
    assert c.get("/shows/1").json()["rows"]["A"] == ["free"] * 8


def check_same_other_row(c):
    c.post("/shows/1/holds", {"who": "ann", "seats": ["A5"]})
    assert c.post("/shows/1/blocked/B").json() == {"blocked": ["B"], "dropped": {}}
    assert c.get("/shows/1").json()["rows"]["A"][4] == "held"


def check_same_sold(c):
    c.post("/shows/1/holds", {"who": "ann", "seats": ["A5"]})
    c.post("/shows/1/orders", {"who": "ann"})
    assert c.post("/shows/1/blocked/A").status == 409
    assert c.post("/shows/1/blocked/Q").status == 404


def check_same_bad(c):
    assert c.post("/shows/1/holds", {"who": " ", "seats": ["A5"]}).status == 400
    assert c.req("POST", "/shows/1/holds", body="[]").json() == {"error": "body must be an object"}
