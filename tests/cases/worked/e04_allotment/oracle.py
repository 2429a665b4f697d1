def numbers(r):
    return [p["number"] for p in r.json()]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and numbers(r) == [2, 5, 1, 3, 4], r
    assert r.json()[-1] == {"number": 4, "size": None, "tenant": None, "shed": True}, r


def check_fix_several_unmeasured(c):
    c.fresh()
    for data in ({}, {"size": 1}, {}):
        c.post("/plots", data)
    r = c.get("/plots?sort=size")
    assert r.status == 200 and numbers(r)[:4] == [5, 2, 1, 3] and sorted(numbers(r)[4:]) == [4, 6], r


def check_same_measured(c):
    assert numbers(c.get("/plots?sort=size")) == [2, 1, 3]


def check_same_other_sorts(c):
    c.post("/plots", {})
    assert numbers(c.get("/plots")) == [1, 2, 3, 4]
    assert numbers(c.get("/plots?sort=tenant")) == [3, 1, 2, 4]
    assert c.get("/plots?sort=x").status == 400


def check_same_rent(c):
    c.post("/plots", {})
    assert c.get("/plots/4/rent").status == 409
    assert c.get("/plots/2/rent").json()["cents"] == 7800
