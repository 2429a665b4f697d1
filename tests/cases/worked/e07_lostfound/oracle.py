def found(c):
    return c.post("/items", {"what": "key ring", "where": "hall", "on": "2024-06-11"})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 422 and "detail" in r.json(), r
    assert c.get("/items/LF24-0001").json()["claimed_by"] is None


def check_fix_show(c):
    c.fresh()
    found(c)
    for tag in ("umbrella", "LF24-00011", "24-0001", "LF2024-0001"):
        r = c.get(f"/items/{tag}")
        assert r.status == 422 and "detail" in r.json(), (tag, r)


def check_fix_shelving(c):
    c.fresh()
    found(c)
    r = c.post("/shelving", {"tags": ["LF24-0001", "??"], "shelf": "safe"})
    assert r.status == 422, r
    assert c.get("/items/LF24-0001").json()["shelf"] is None


def check_same_good_tag(c):
    found(c)
    r = c.post("/claims", {"tag": " lf24-0001 ", "name": "Ann"})
    assert r.status == 200 and r.json()["claimed_by"] == "Ann", r


def check_same_unknown(c):
    found(c)
    assert c.get("/items/LF24-0002").status == 404
    assert c.post("/claims", {"tag": "LF23-0001", "name": "Ann"}).status == 404


def check_same_shelving(c):
    found(c)
    assert c.post("/shelving", {"tags": ["LF24-0001"], "shelf": "B"}).json() == {"shelf": "B", "tags": ["LF24-0001"]}
