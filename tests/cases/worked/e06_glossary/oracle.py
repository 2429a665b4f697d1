def fill(c, *pairs):
    for name in "ABCDE":
        c.post("/terms", {"name": name, "meaning": "m"})
    for a, b in pairs:
        assert c.put(f"/terms/{a}/see/{b}").status == 200


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == ["Backlog", "Story"], r
    assert c.get("/terms/story").json()["see"] == ["Backlog"]


def check_fix_not_itself(c):
    c.fresh()
    fill(c, "AB", "BA")
    assert c.get("/terms/a/cluster").json() == ["B"]
    assert c.get("/terms/B/cluster").json() == ["A"]


def check_fix_ring(c):
    c.fresh()
    fill(c, "AB", "BC", "CA", "CD")
    for key, want in (("a", ["B", "C", "D"]), ("b", ["A", "C", "D"]), ("c", ["A", "B", "D"]), ("d", []), ("e", [])):
        r = c.get(f"/terms/{key}/cluster")
        assert r.status == 200 and r.json() == want, (key, r)


def check_same_tree(c):
    fill(c, "AB", "AC", "BD", "CD")
    assert c.get("/terms/a/cluster").json() == ["B", "C", "D"]
    assert c.get("/terms/zz/cluster").status == 404


def check_same_links(c):
    fill(c, "AB")
    r = c.put("/terms/b/see/a")
    assert r.status == 200 and r.json()["see"] == ["A"], r
    assert c.put("/terms/b/see/b").status == 409
    assert c.get("/orphans").json() == ["C", "D", "E"]
