def check_fix_honest_failure(c):
    # only consulted when the code was changed after all: no statement with a made-up price
    r = c.replay()
    assert r.status in (502, 503, 504), r
    assert c.get("/meters/E-7002/statements").json() == []
    assert c.get("/meters/E-7002").json()["billed_until"] is None


def check_same_statement(c):
    for day, kwh in (("2024-01-15", 10), ("2024-03-15", 110)):
        c.post("/meters/E-7003/readings", {"day": day, "kwh": kwh})
    r = c.post("/meters/E-7003/statements")
    assert r.status == 201 and r.json()["price"] == 28.4 and r.json()["cents"] == 2840
    assert c.post("/meters/E-7003/statements").json() == {"detail": "nothing to bill"}


def check_same_nothing(c):
    assert c.post("/meters/E-7001/statements").status == 409
    assert c.get("/meters/E-0").json() == {"detail": "unknown meter"}


def check_same_feed_down_leaves_reading(c):
    assert c.post("/meters/E-7001/readings", {"day": "2024-01-01", "kwh": 5}).json() == {"serial": "E-7001", "readings": 1}
    assert c.post("/meters/E-7001/readings", {"day": "2024-01-01", "kwh": 5}).status == 409


check_same_feed_down_leaves_reading.env = {"SPOT_FEED": "http://127.0.0.1:1"}
