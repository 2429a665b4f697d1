def sitter(c, **kw):
    return c.post("/sitters", {"name": "Bo", "animals": ["rabbit", "cat"], "fee": 1500, **kw}).json()["id"]


def stay(c, i):
    return c.post(f"/sitters/{i}/stays", {"pet": "Flop", "animal": "rabbit", "nights": 7})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.json() == {"id": 1, "name": "Teo", "animals": ["bird"], "fee": 900, "rating": None, "reviews": 0}, r


def check_fix_until_the_first_review(c):
    c.fresh()
    i = sitter(c)
    stay(c, i)
    body = c.get(f"/sitters/{i}").json()
    assert body["rating"] is None and body["reviews"] == 0
    assert c.post(f"/sitters/{i}/reviews", {"stars": 3}).json() == {"rating": 3.0, "reviews": 1}
    assert c.get(f"/sitters/{i}").json()["rating"] == 3.0


def check_fix_one_of_two(c):
    c.fresh()
    a, b = sitter(c), sitter(c, fee=100)
    stay(c, a)
    c.post(f"/sitters/{a}/reviews", {"stars": 5})
    assert c.get(f"/sitters/{b}").json()["rating"] is None
    assert c.get(f"/sitters/{a}").json()["rating"] == 5.0


def check_same_search(c):
    a, b = sitter(c), sitter(c, fee=100)
    stay(c, a)
    c.post(f"/sitters/{a}/reviews", {"stars": 4})
    assert [s["id"] for s in c.get("/search?animal=cat").json()] == [b, a]
    assert [s["id"] for s in c.get("/search?animal=cat&stars=0").json()] == [a]


def check_same_stay(c):
    assert stay(c, sitter(c)).json() == {"pet": "Flop", "nights": 7, "cents": 9000}


def check_same_404(c):
    r = c.get("/sitters/3")
    assert r.status == 404 and r.json()["error"] == "unknown-sitter"
