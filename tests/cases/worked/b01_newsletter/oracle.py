def check_fix_replay(c):
    r = c.replay()
    assert r.status == 404 and r.json()["problem"]["code"] == "unknown-subscriber", r
    assert c.get("/subscribers/jo@new.example").status == 404


def check_fix_after_unsubscribing(c):
    c.fresh()
    token = c.post("/subscribers", {"email": "gil@a.example"}).json()["token"]
    c.post(f"/unsubscribe/{token}")
    r = c.put("/subscribers/gil@a.example/address", {"email": "gil@b.example"})
    assert r.status == 404 and r.json()["problem"]["code"] == "unknown-subscriber", r
    assert c.post("/subscribers", {"email": "gil@b.example"}).status == 201


def check_same_move(c):
    first = c.post("/subscribers", {"email": "a@a.example"}).json()
    c.post(f"/confirm/{first['token']}")
    c.put("/subscribers/a@a.example/topics", ["events", "security"])
    r = c.put("/subscribers/A@a.example/address", {"email": "B@b.example"})
    assert r.status == 200 and r.json()["email"] == "b@b.example" and r.json()["topics"] == ["events", "security"], r
    assert r.json()["token"] != first["token"] and r.json()["confirmed"] is False
    assert c.get("/subscribers/b@b.example").status == 200


def check_same_move_to_own(c):
    c.post("/subscribers", {"email": "a@a.example"})
    assert c.put("/subscribers/a@a.example/address", {"email": "A@A.example"}).status == 200


def check_same_refusals(c):
    c.post("/subscribers", {"email": "a@a.example"})
    c.post("/subscribers", {"email": "b@a.example"})
    assert c.put("/subscribers/a@a.example/address", {"email": "b@a.example"}).json()["problem"]["code"] == "address-taken"
    assert c.put("/subscribers/a@a.example/address", {"email": "nobody"}).json()["problem"]["code"] == "bad-address"
    assert c.put("/subscribers/x@a.example/topics", ["events"]).json()["problem"]["code"] == "unknown-subscriber"
