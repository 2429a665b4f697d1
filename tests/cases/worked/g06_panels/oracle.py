def new(c, **kw):
    return c.post("/panels", {"name": "Commuters", **kw}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 404 and "detail" in r.json(), r
    assert c.get("/panels/1").json() == {"id": 1, "name": "Shift workers", "topics": [], "size": 50, "members": 0}


def check_fix_shown_as_empty(c):
    c.fresh()
    i = new(c, topics=["trains", "buses"])
    r = c.patch(f"/panels/{i}", {"topics": None})
    assert r.status == 200 and r.json()["topics"] == [], r
    assert c.get(f"/panels/{i}").json()["topics"] == []
    assert c.get("/panels?topic=trains").json() == []
    assert [p["id"] for p in c.get("/panels?topic=household").json()] == [i]


def check_fix_two_topics(c):
    c.fresh()
    i = new(c)
    c.patch(f"/panels/{i}", {"topics": None})
    c.post(f"/panels/{i}/topics", {"topic": "trains"})
    assert c.post(f"/panels/{i}/topics", {"topic": "buses"}).json()["topics"] == ["trains", "buses"]
    assert c.post(f"/panels/{i}/topics", {"topic": "buses"}).status == 409


def check_same_unsent_stay(c):
    i = new(c, topics=["trains"])
    assert c.patch(f"/panels/{i}", {"name": "Riders"}).json()["topics"] == ["trains"]
    assert c.patch(f"/panels/{i}", {"size": None, "name": None}).json() == {"id": i, "name": "Riders", "topics": ["trains"], "size": 50, "members": 0}


def check_same_set(c):
    i = new(c, topics=["trains"])
    assert c.patch(f"/panels/{i}", {"topics": ["cars"]}).json()["topics"] == ["cars"]
    assert c.patch(f"/panels/{i}", {"topics": []}).json()["topics"] == []
    assert c.delete(f"/panels/{i}/topics/cars").json() == {"detail": "the panel does not have this topic"}
    assert c.post(f"/panels/{i}/topics", {"topic": "household"}).status == 409


def check_same_size(c):
    i = new(c)
    for who in "ab":
        c.post(f"/panels/{i}/members", {"email": who + "@x.example"})
    assert c.patch(f"/panels/{i}", {"size": 1}).status == 409
