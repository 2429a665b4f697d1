def send(c, readers):
    assert c.put("/issues/3", {"subject": "S", "readers": readers}).status == 201


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.json() == {"number": 12, "subject": "Autumn", "delivered": 2, "opened": 50.0, "median_minutes": 40, "clickers": 0.0, "clicks": 0, "top_link": None}, r


def check_fix_just_sent(c):
    c.fresh()
    send(c, ["a@x.example"])
    r = c.get("/issues/3/report")
    assert r.status == 200 and r.json() == {"number": 3, "subject": "S", "delivered": 1, "opened": 0.0, "median_minutes": None, "clickers": None, "clicks": 0, "top_link": None}, r


def check_fix_to_nobody(c):
    c.fresh()
    send(c, [])
    r = c.get("/issues/3/report")
    assert r.status == 200 and r.json()["opened"] is None and r.json()["top_link"] is None and r.json()["delivered"] == 0, r


def check_same_clicked(c):
    send(c, ["a@x.example", "b@x.example"])
    for who, link in (("a@x.example", "/x"), ("b@x.example", "/y"), ("a@x.example", "/y")):
        c.post("/issues/3/clicks", {"reader": who, "link": link, "minutes": 4})
    r = c.get("/issues/3/report").json()
    assert r["top_link"] == "/y" and r["clicks"] == 3 and r["clickers"] == 100.0 and r["opened"] == 100.0 and r["median_minutes"] == 4.0, r


def check_same_missing(c):
    r = c.get("/issues/3/report")
    assert r.status == 404 and r.json()["error"], r
    assert c.post("/issues/3/clicks", {"reader": "a", "link": "b"}).status == 404


def check_same_reader(c):
    send(c, ["a@x.example"])
    assert c.get("/readers/a@x.example").json()["last_opened"] is None
    assert c.post("/issues/3/opened", {"reader": "a@x.example", "minutes": -1}).status == 400
