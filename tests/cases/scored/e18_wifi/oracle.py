def connect(c, n, at=5):
    return c.post("/vouchers/W00001/devices", {"mac": f"00:00:00:00:00:0{n}", "at": at})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {
        "code": "W00001", "room": "311", "minutes": 120, "started": 500, "until": 620,
        "devices": ["3c:52:82:0b:44:e1", "3c:52:82:aa:10:07"], "free": 1,
    }, r


def check_fix_order_and_counting(c):
    c.fresh()
    c.post("/vouchers", {"room": "1", "minutes": 10, "max_devices": 6})
    for n in (7, 2, 9, 2, 4):
        connect(c, n)
    body = c.get("/vouchers/W00001").json()
    assert body["devices"] == [f"00:00:00:00:00:0{n}" for n in (2, 4, 7, 9)] and body["free"] == 2, body
    assert c.get("/stats").json()["devices"] == 4


def check_same_new(c):
    c.post("/vouchers", {"room": "1"})
    body = c.get("/vouchers/W00001").json()
    assert body["devices"] == [] and body["free"] == 3 and body["until"] is None, body


def check_same_devices(c):
    c.post("/vouchers", {"room": "1", "max_devices": 1, "minutes": 10})
    assert connect(c, 1).json() == {"code": "W00001", "until": 15}
    assert connect(c, 1, 6).status == 201
    assert connect(c, 2, 6).status == 409
    assert connect(c, 1, 15).status == 410
    assert c.get("/rooms/1").json() == [{"code": "W00001", "until": 15, "devices": ["00:00:00:00:00:01"]}]


def check_same_unknown(c):
    r = c.get("/vouchers/W00009")
    assert r.status == 404 and r.json()["error"]
