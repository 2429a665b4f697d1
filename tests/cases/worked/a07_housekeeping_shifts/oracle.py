def call(c, hour):
    return c.post("/calls", {"room": 102, "wish": "a cot", "at": f"2024-07-01T{hour}:00"})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 201, r
    assert r.json() == {"call": 1, "room": 202, "wish": "extra blanket", "shift": "night", "lead": "Olu", "done": False}, r
    assert c.get("/rooms/202").json()["open_calls"] == [1]


def check_fix_whole_night(c):
    c.fresh()
    for hour in ("22:00", "23:59", "00:00", "03:30", "05:59"):
        r = call(c, hour)
        assert r.status == 201 and r.json()["shift"] == "night" and r.json()["lead"] == "Olu", (hour, r)
    assert [x["call"] for x in c.get("/calls?shift=night").json()] == [1, 2, 3, 4, 5]


def check_same_day_shifts(c):
    for hour, name in (("06:00", "early"), ("13:59", "early"), ("14:00", "late"), ("21:59", "late")):
        assert call(c, hour).json()["shift"] == name, hour
    assert c.get("/shifts").json()[2] == {"name": "night", "from": 22, "to": 6, "lead": "Olu"}


def check_same_refused(c):
    assert c.post("/calls", {"room": 7, "wish": "a cot", "at": "2024-07-01T09:00:00"}).json() == {"detail": "no such room"}
    assert c.post("/calls", {"room": 101, "wish": "a cot", "at": "later"}).status == 422
    assert c.get("/calls").json() == []
