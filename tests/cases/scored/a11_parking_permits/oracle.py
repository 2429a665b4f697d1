NEW = {"plate": "B-AB 1", "zone": "B", "start": "2024-05-01T08:00:00+02:00", "end": "2024-05-01T18:00:00"}


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"allowed": True, "permit": 5001}, r


def check_fix_is_utc(c):
    c.fresh()
    c.post("/permits", NEW)
    for at, yes in (("2024-05-01T05:59:59", False), ("2024-05-01T06:00:00", True), ("2024-05-01T18:10:00", True), ("2024-05-01T18:10:01", False), ("2024-05-02", False)):
        r = c.get(f"/permits/check?plate=bab1&zone=B&at={at}")
        assert r.status == 200 and r.json()["allowed"] is yes, (at, r)


def check_same_offsets(c):
    c.post("/permits", NEW)
    for at, yes in (("2024-05-01T07:59:59%2B02:00", False), ("2024-05-01T20:10:00%2B02:00", True), ("2024-05-01T18:10:01Z", False), ("2024-05-01T11:00:00-05:00", True)):
        r = c.get(f"/permits/check?plate=bab1&zone=B&at={at}")
        assert r.json()["allowed"] is yes, (at, r)


def check_same_rest(c):
    assert c.get("/permits/check?plate=zz&zone=A").json() == {"allowed": False, "permit": None}
    assert c.get("/permits/check?plate=zz&zone=A&at=noon").status == 422
    n = c.post("/permits", NEW).json()["number"]
    assert c.get(f"/permits/{n}").json()["end"] == "2024-05-01T18:00:00+00:00"
