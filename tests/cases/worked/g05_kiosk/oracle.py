def note(c, text, kiosk="south"):
    return c.req("POST", f"/kiosks/{kiosk}/deliveries", body=text)


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"booked": 54, "rejected": [2]}, r
    assert c.get("/kiosks/north").json() == {"cola": 36, "gum": 70}


def check_fix_too_many_parts(c):
    c.fresh()
    r = note(c, "gum;5;promo\nnews;1\n;;\n")
    assert r.status == 200 and r.json() == {"booked": 1, "rejected": [1, 3]}, r
    assert c.get("/kiosks/south").json() == {"news": 26}


def check_fix_nothing_readable(c):
    c.fresh()
    assert note(c, "delivery of monday\n\ngum 5").json() == {"booked": 0, "rejected": [1, 3]}


def check_same_good(c):
    assert note(c, " GUM ; 2 \nmap;1").json() == {"booked": 3, "rejected": []}
    assert c.get("/kiosks/south").json() == {"gum": 2, "map": 1, "news": 25}


def check_same_rejected(c):
    assert note(c, "gum;\ntea;1\ngum;-1\n").json() == {"booked": 0, "rejected": [1, 2, 3]}


def check_same_empty(c):
    assert note(c, "").json() == {"booked": 0, "rejected": []}
    assert note(c, "gum", "west").status == 404
