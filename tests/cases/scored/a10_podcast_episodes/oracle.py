def new(c, **kw):
    return c.post("/shows/deep-sea/episodes", {"title": "Anglerfish", "duration": "31:05", "published": "2024-01-01", **kw}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 422 and "problem" in r.json(), r
    kept = c.get("/shows/night-trains/episodes/1")
    assert kept.status == 200 and kept.json()["duration"] == "48:20" and kept.json()["title"] == "Hamburg to Vienna", kept


def check_fix_other_bad_clocks(c):
    c.fresh()
    i = new(c)
    for bad in ("", "12", "5:75", "1:2:3", "00:61:00", "31:05 "):
        r = c.patch(f"/shows/deep-sea/episodes/{i}", {"duration": bad, "title": "Changed title"})
        assert r.status == 422 and "problem" in r.json(), (bad, r)
    feed = c.get("/shows/deep-sea/feed").json()
    assert feed["seconds"] == 1865 and feed["episodes"][0]["title"] == "Anglerfish", feed


def check_same_change(c):
    i = new(c)
    r = c.patch(f"/shows/deep-sea/episodes/{i}", {"duration": "1:00:00", "explicit": True})
    assert r.status == 200 and r.json()["seconds"] == 3600 and r.json()["explicit"] is True and r.json()["published"] == "2024-01-01", r


def check_same_null_keeps(c):
    i = new(c)
    r = c.patch(f"/shows/deep-sea/episodes/{i}", {"duration": None, "published": "2024-02-02"})
    assert r.status == 200 and r.json()["duration"] == "31:05" and r.json()["published"] == "2024-02-02", r


def check_same_create(c):
    r = c.post("/shows/deep-sea/episodes", {"title": "Anglerfish", "duration": "31"})
    assert r.status == 422 and r.json()["fields"] == ["duration"]
    assert c.patch("/shows/deep-sea/episodes/77", {"duration": "10:00"}).json() == {"problem": "no such episode"}
