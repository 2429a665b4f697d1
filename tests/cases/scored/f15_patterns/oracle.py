def load(c, *lines):
    return c.req("POST", "/imports", body="\n".join(lines), headers={"content-type": "text/plain"})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    body = r.json()
    assert body["imported"] == ["4101", "4103"] and [x["line"] for x in body["rejected"]] == [3], r
    assert isinstance(body["rejected"][0]["reason"], str) and body["rejected"][0]["reason"]
    assert [p["number"] for p in c.get("/patterns").json()] == ["4101", "4103"]


def check_fix_other_texts(c):
    c.fresh()
    r = load(c, "1000; A; 36; ", "1001; B; 36; two", "1002; C; 36; 1.5 m", "1003; D; 36; 2")
    assert r.status == 200 and r.json()["imported"] == ["1003"], r
    assert [x["line"] for x in r.json()["rejected"]] == [1, 2, 3], r
    assert c.get("/patterns/1000").status == 404


def check_same_import(c):
    assert load(c, "1000; A; 36-40; 1.25", "1000; A2; 38; 1").json() == {"imported": ["1000", "1000"], "rejected": []}
    assert c.get("/patterns").json() == [{"number": "1000", "title": "A2", "sizes": [38, 38], "metres": 1.0}]


def check_same_rejected(c):
    body = load(c, "1000; A; XL; 1", "1000; A; 36; 0", "A; 36; 1", "1000; A; 36; nan").json()
    assert body["imported"] == [] and [x["line"] for x in body["rejected"]] == [1, 2, 3, 4]
    assert body["rejected"][0]["reason"] == "bad sizes: XL"


def check_same_empty(c):
    assert load(c, "# nothing new").json() == {"imported": [], "rejected": []}
