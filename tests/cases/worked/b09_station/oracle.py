R = {"at": "2024-07-01T12:00", "kind": "gust", "value": 31}


def check_fix_honest_failure(c):
    # only of interest when the code was changed after all
    r = c.replay()
    assert r.status in (500, 502, 503, 504, 507), r
    assert c.get("/stations/north/days/2024-07-01").json()["gust"] is None
    assert all(s["readings"] == 0 for s in c.get("/stations").json())


def check_same_stored(c):
    assert c.post("/stations/north/readings", R).status == 201
    assert c.post("/stations/north/readings", R).status == 200
    assert c.get("/stations/north/days/2024-07-01").json()["gust"] == 31
    with open(c.module.LOG_PATH) as log:
        assert len(log.readlines()) == 1


def check_same_refused(c):
    assert c.post("/stations/moon/readings", R).status == 404
    assert c.post("/stations/north/readings", R | {"value": 121}).status == 400
    assert c.get("/stations/moon/days/2024-07-01").status == 404
