def add(c, album="a", **kw):
    return c.post(f"/albums/{album}/coins", {"title": "Ducat", "country": "AT", **kw}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"name": "medieval", "coins": 1, "cents": 5200, "best": "Bracteate", "oldest": None, "newest": None}, r


def check_fix_empty(c):
    c.fresh()
    c.put("/albums/a")
    r = c.get("/albums/a/summary")
    assert r.status == 200 and r.json() == {"name": "a", "coins": 0, "cents": 0, "best": None, "oldest": None, "newest": None}, r


def check_fix_after_giving_away(c):
    c.fresh()
    c.put("/albums/a")
    i = add(c, year=1900, cents=5)
    add(c, cents=7)
    assert c.get("/albums/a/summary").json()["oldest"] == 1900
    c.delete(f"/albums/a/coins/{i}")
    assert c.get("/albums/a/summary").json() == {"name": "a", "coins": 1, "cents": 7, "best": "Ducat", "oldest": None, "newest": None}


def check_same_summary(c):
    c.put("/albums/a")
    add(c, year=0, cents=5), add(c, year=-44), add(c)
    assert c.get("/albums/a/summary").json() == {"name": "a", "coins": 3, "cents": 5, "best": "Ducat", "oldest": -44, "newest": 0}


def check_same_lists(c):
    c.put("/albums/a")
    assert c.get("/albums/a/coins").json() == [] and c.get("/albums/a/countries").json() == {}
    assert c.get("/albums/b/summary").status == 404
