def check_fix_honest_failure(c):
    # only consulted when the code was changed after all
    r = c.replay()
    assert r.status in (502, 503, 504), r
    assert c.get("/stations/tunnel/passages").json() == []


def check_same_passage(c):
    r = c.post("/stations/tunnel/passages", {"plate": " mc-7 "})
    assert r.status == 201 and r.json()["plate"] == "MC-7" and r.json()["cents"] == 260
    assert [p["class"] for p in c.get("/stations/tunnel/passages").json()] == ["motorcycle"]


def check_same_unknown_plate(c):
    assert c.post("/stations/tunnel/passages", {"plate": "Q"}).status == 404
    assert c.get("/plates/Q/due").json() == {"plate": "Q", "cents": 0}


def check_same_refused(c):
    assert c.post("/stations/tunnel/passages", {}).status == 400
    assert c.post("/stations/ferry/passages", {"plate": "MC-7"}).status == 404
