def series(c, day, times, every="month"):
    r = c.post("/series", {"therapist": "bjork", "patient": "Z", "day": day, "at": "08:30", "every": every, "times": times})
    assert r.status == 201, r
    return [v["day"] for v in r.json()["visits"]]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 201, r
    assert [v["day"] for v in r.json()["visits"]] == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"], r
    assert len(c.get("/therapists/amara/visits").json()) == 4


def check_fix_other_starts(c):
    c.fresh()
    assert series(c, "2025-01-30", 4) == ["2025-01-30", "2025-02-28", "2025-03-30", "2025-04-30"]
    assert series(c, "2023-10-31", 5) == ["2023-10-31", "2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29"]
    assert series(c, "2026-12-29", 3) == ["2026-12-29", "2027-01-29", "2027-02-28"]


def check_fix_clash_on_moved_day(c):
    c.fresh()
    c.post("/visits", {"therapist": "bjork", "patient": "a", "day": "2025-02-28", "at": "08:30"})
    r = c.post("/series", {"therapist": "bjork", "patient": "Z", "day": "2025-01-31", "at": "08:30", "every": "month", "times": 3})
    assert r.status == 409 and r.json() == {"code": "taken", "detail": "2025-02-28 08:30 is taken"}, r
    assert len(c.get("/therapists/bjork/visits").json()) == 1


def check_same_series(c):
    assert series(c, "2024-01-29", 3) == ["2024-01-29", "2024-02-29", "2024-03-29"]
    assert series(c, "2024-10-28", 4) == ["2024-10-28", "2024-11-28", "2024-12-28", "2025-01-28"]
    assert series(c, "2024-01-31", 2, "fortnight") == ["2024-01-31", "2024-02-14"]


def check_same_refused(c):
    body = {"therapist": "nobody", "patient": "Z", "day": "2025-01-01", "at": "08:30", "every": "month", "times": 3}
    assert c.post("/series", body).json()["code"] == "no-therapist"
    assert c.post("/series", {**body, "every": "year"}).status == 422
