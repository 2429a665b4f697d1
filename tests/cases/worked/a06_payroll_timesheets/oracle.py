def hire(c, number):
    c.post("/employees", {"number": number, "name": "Somebody", "hourly_cents": 3000})


def add(c, number, day, minutes=100):
    return c.post(f"/employees/{number}/entries", {"day": day, "minutes": minutes}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and r.json()["error"] == "conflict" and r.json()["message"], r
    assert [(e["day"], e["minutes"], e["comment"]) for e in c.get("/employees/M042/entries").json()] == [("2024-05-06", 450, ""), ("2024-05-07", 480, "")]
    assert c.get("/employees/M042/changes").json() == ["added 2024-05-06 450", "added 2024-05-07 480"]
    assert c.get("/employees/M042/slips/2024/5").json()["cents"] == 46500


def check_fix_still_works_after(c):
    c.fresh()
    hire(c, "A001"), hire(c, "A002")
    i, j = add(c, "A001", "2024-01-01"), add(c, "A001", "2024-01-02", 200)
    add(c, "A002", "2024-01-03")
    r = c.patch(f"/entries/{j}", {"day": "2024-01-01"})
    assert r.status == 409 and r.json()["error"] == "conflict", r
    r = c.patch(f"/entries/{j}", {"day": "2024-01-03"})
    assert r.status == 200 and r.json() == {"id": j, "day": "2024-01-03", "minutes": 200, "comment": ""}, r
    assert c.patch(f"/entries/{i}", {"day": "2024-01-03", "minutes": 5}).status == 409
    assert c.get("/employees/A001/entries").json()[0]["minutes"] == 100


def check_same_day_unchanged(c):
    hire(c, "A001")
    i = add(c, "A001", "2024-01-01")
    r = c.patch(f"/entries/{i}", {"day": "2024-01-01", "minutes": 30, "comment": "left early"})
    assert r.status == 200 and r.json() == {"id": i, "day": "2024-01-01", "minutes": 30, "comment": "left early"}, r


def check_same_add_twice(c):
    hire(c, "A001")
    add(c, "A001", "2024-01-01")
    r = c.post("/employees/A001/entries", {"day": "2024-01-01", "minutes": 1})
    assert r.status == 409 and r.json() == {"error": "conflict", "message": "there is an entry for 2024-01-01 already"}


def check_same_closed(c):
    hire(c, "A001")
    i = add(c, "A001", "2024-01-01")
    c.post("/employees/A001/close?until=2024-01-31")
    assert c.patch(f"/entries/{i}", {"minutes": 3}).json() == {"error": "conflict", "message": "2024-01-01 is in a closed period"}
    assert c.patch("/entries/50", {"minutes": 3}).status == 404
    assert c.patch(f"/entries/{i}", {"minutes": 0}).status == 422
