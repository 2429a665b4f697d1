def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.json() == {"reader": "mio", "cents": 1000, "blocked": True,
                        "lines": [{"item": "b-101", "cents": 400}, {"item": "f-8", "cents": 600}]}, r


def check_fix_return_long_overdue(c):
    c.fresh()
    c.post("/loans", {"reader": "x", "item": "m-3", "on": "2023-01-01"})
    r = c.post("/returns", {"item": "m-3", "on": "2024-01-01"})
    assert r.status == 200 and r.json()["fee"] == 80 and r.json()["returned"] == "2024-01-01", r
    assert c.get("/readers/x/account?on=2024-06-01").json()["cents"] == 80


def check_fix_day_after_last_step(c):
    c.fresh()
    c.post("/loans", {"reader": "x", "item": "f-7", "on": "2024-01-01"})
    for day, cents in (("2024-01-22", 600), ("2024-01-23", 600), ("2024-03-01", 600)):
        assert c.get("/readers/x/account?on=" + day).json()["cents"] == cents, day


def check_same_steps(c):
    c.post("/loans", {"reader": "x", "item": "b-100", "on": "2024-01-01"})
    for day, cents in (("2024-01-29", 0), ("2024-01-30", 50), ("2024-02-06", 150), ("2024-02-26", 400)):
        assert c.get("/readers/x/account?on=" + day).json()["cents"] == cents, day


def check_same_errors(c):
    assert c.post("/returns", {"item": "b-100", "on": "2024-01-01"}).json() == {"error": "item is not out"}
    assert c.get("/readers/none/account?on=2024-01-01").json() == {"reader": "none", "cents": 0, "blocked": False, "lines": []}
