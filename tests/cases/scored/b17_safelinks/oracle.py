def check_fix_honest_failure(c):
    # only of interest when the code was changed after all
    r = c.replay()
    assert r.status in (500, 502, 503, 504), r
    assert c.get("/codes/100").status == 404 and c.get("/100").status == 404


def check_same_create(c):
    r = c.post("/codes", {"target": "https://a.example/x"})
    assert r.status == 201 and r.json()["code"] == "100", r
    assert c.post("/codes", {"target": "https://a.example/x"}).status == 200
    assert c.get("/100").status == 302


def check_same_refused(c):
    r = c.post("/codes", {"target": "https://malware.example/x"})
    assert r.status == 422 and r.json()["status"] == "refused", r
    assert c.post("/codes", {"target": "x"}).status == 400
    assert c.delete("/codes/1").status == 404
