def lesson(start, **kw):
    return {"tutor": "vera", "pupil": "tim", "subject": "maths", "start": start, **kw}


def starts(c, query=""):
    r = c.get("/lessons" + query)
    assert r.status == 200, r
    return [x["start"] for x in r.json()]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and [(x["id"], x["start"]) for x in r.json()] == [
        (3, "2024-04-03T14:30:00+00:00"), (2, "2024-04-08T14:30:00+00:00")], r


def check_fix_mixed_order(c):
    c.fresh()
    r = c.post("/sheets", {"lessons": [lesson("2024-03-04T12:00:00"), lesson("2024-03-04T13:00:00+02:00"), lesson("2024-03-04T11:30:00Z")]})
    assert r.status == 201 and len(r.json()["added"]) == 3, r
    assert starts(c) == ["2024-03-04T11:00:00+00:00", "2024-03-04T11:30:00+00:00", "2024-03-04T12:00:00+00:00"]


def check_fix_kept_in_utc(c):
    c.fresh()
    c.post("/sheets", {"lessons": [lesson("2024-03-04T12:00:00")]})
    assert starts(c) == ["2024-03-04T12:00:00+00:00"]
    assert starts(c, "?until=2024-03-04T12:00:00") == []
    assert starts(c, "?until=2024-03-04T14:00:00%2B01:00") == ["2024-03-04T12:00:00+00:00"]


def check_same_single(c):
    c.post("/lessons", lesson("2024-03-04T12:00:00"))
    c.post("/lessons", lesson("2024-03-04T12:00:00+03:00"))
    assert starts(c) == ["2024-03-04T09:00:00+00:00", "2024-03-04T12:00:00+00:00"]
    assert starts(c, "?since=2024-03-04T10:00:00") == ["2024-03-04T12:00:00+00:00"]


def check_same_sheet_refused(c):
    assert c.post("/sheets", {"lessons": [lesson("2024-03-04T12:00:00"), lesson("2024-03-04T12:00:00", subject="golf")]}).status == 422
    assert c.get("/lessons").json() == []


def check_same_total(c):
    c.post("/sheets", {"lessons": [lesson("2024-03-04T12:00:00Z", minutes=30)]})
    assert c.get("/tutors/vera/total").json() == {"lessons": 1, "minutes": 30, "cents": 1600}
