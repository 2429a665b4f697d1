F = "/taxpayers/20000002/filings"


def someone(c):
    assert c.post("/taxpayers", {"tin": "20000002", "name": "K. Winter"}).status == 201


def gone(r):
    return r.status == 404 and r.json()["error"]["code"] == "not_found" and "taxpayer" not in r.json()["error"]["message"]


def check_fix_replay(c):
    r = c.replay()
    assert gone(r) and r.json()["error"]["message"], r


def check_fix_every_route(c):
    c.fresh()
    someone(c)
    c.post(F, {"year": 2022, "income": 30000})
    assert gone(c.get(F + "/2023"))
    assert gone(c.put(F + "/2023", {"income": 5}))
    assert gone(c.delete(F + "/2021"))
    assert gone(c.post(F + "/2023/assessment"))
    assert [f["year"] for f in c.get(F).json()] == [2022]


def check_fix_withdrawn(c):
    c.fresh()
    someone(c)
    c.post(F, {"year": 2023, "income": 30000})
    assert c.delete(F + "/2023").status == 204
    assert gone(c.delete(F + "/2023"))
    assert c.post(F, {"year": 2023, "income": 31000}).status == 201


def check_same_unknown_taxpayer(c):
    for r in (c.get("/taxpayers/1/filings/2022"), c.get("/taxpayers/1")):
        assert r.status == 404 and r.json()["error"]["message"] == "no such taxpayer"


def check_same_assess(c):
    someone(c)
    c.post(F, {"year": 2022, "income": 45000})
    assert c.post(F + "/2022/assessment").json()["tax"] == 7750
    assert c.put(F + "/2022", {"income": 1}).json()["error"]["code"] == "conflict"
    assert c.get(F + "/2022").json()["assessed"] is True


def check_same_no_rates(c):
    someone(c)
    c.post(F, {"year": 2030, "income": 45000})
    r = c.post(F + "/2030/assessment")
    assert r.status == 404 and "tax year" in r.json()["error"]["message"]
    assert c.get(F + "/2030").json()["assessed"] is False


def check_same_invalid(c):
    someone(c)
    assert c.get(F + "/soon").status == 422
    assert c.post(F, {"year": 2022}).json()["error"]["code"] == "invalid"
