def offer(c, *slots):
    return c.post("/flats/oak-1/slots", {"day": "2024-07-01", "slots": list(slots)})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 400 and r.json().get("error"), r
    assert c.get("/flats/elm-3/slots").json() == []


def check_fix_shapes(c):
    c.fresh()
    for text in ("10:00-10:20-10:40", "", "10", "10:00 to 10:20"):
        r = offer(c, text)
        assert r.status == 400 and r.json().get("error"), (text, r)


def check_fix_all_or_none(c):
    c.fresh()
    assert offer(c, "09:00-09:30", "10:00").status == 400
    assert c.get("/flats/oak-1/slots").json() == []


def check_same_offer(c):
    assert offer(c, "09:00-09:30", " 10:00 - 10:15").status == 201
    assert c.get("/flats/oak-1/slots").json()[1] == {"day": "2024-07-01", "from": "10:00", "until": "10:15", "visitor": None}


def check_same_bad_time(c):
    for text in ("9:00-9:30", "-10:00", "10:30-10:00"):
        assert offer(c, text).status == 400
    assert c.post("/flats/elm-9/slots", {"day": "2024-07-01", "slots": ["10:00"]}).status == 404
