def course(c, code, **kw):
    return c.post("/courses", {"code": code, "level": "bronze", "day": "tue", "time": "16:00", "lane": 2, **kw})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.json() == {"wed": [
        {"time": "14:30", "lane": 3, "level": "silver", "teacher": None},
        {"time": "15:15", "lane": 1, "level": "bronze", "teacher": "Olaf Brandt"},
    ]}, r


def check_fix_only_open_ones(c):
    c.fresh()
    course(c, "B1")
    course(c, "B2", day="sun", lane=4)
    assert c.get("/timetable").json() == {
        "tue": [{"time": "16:00", "lane": 2, "level": "bronze", "teacher": None}],
        "sun": [{"time": "16:00", "lane": 4, "level": "bronze", "teacher": None}],
    }


def check_same_assigned(c):
    course(c, "B1")
    c.put("/courses/B1/teacher/ines")
    assert c.get("/timetable").json() == {"tue": [{"time": "16:00", "lane": 2, "level": "bronze", "teacher": "Ines Prado"}]}


def check_same_course(c):
    course(c, "B1")
    assert c.get("/courses/B1").json()["teacher"] is None
    assert c.get("/courses/B9").status == 404


def check_same_empty(c):
    assert c.get("/timetable").json() == {}
