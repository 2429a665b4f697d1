def book(c, slot="18:00-19:00"):
    return c.post("/courts/c1/reservations", {"member": "ana", "slot": slot}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 400 and r.json().get("error"), r
    assert c.get("/courts/h1/reservations").json() == [{"id": 1, "court": "h1", "member": "Tomas", "slot": "09:00-10:00"}]


def check_fix_other_slots(c):
    c.fresh()
    i = book(c)
    for body in ({"slot": "20:00-19:00"}, {"slot": "18:99-19:30"}, {}, {"slot": None}, {"slot": 18}):
        r = c.patch(f"/reservations/{i}", body)
        assert r.status == 400 and r.json().get("error"), (body, r)
    assert c.get("/courts/c1/reservations").json()[0]["slot"] == "18:00-19:00"


def check_same_move(c):
    i = book(c)
    assert c.patch(f"/reservations/{i}", {"slot": "07:00-08:00"}).json()["slot"] == "07:00-08:00"
    assert c.patch(f"/reservations/{i}", {"slot": "06:00-08:00"}).status == 400


def check_same_clash(c):
    book(c)
    i = book(c, "19:00-20:00")
    assert c.patch(f"/reservations/{i}", {"slot": "18:30-19:30"}).status == 409


def check_same_unknown(c):
    assert c.patch("/reservations/7", {"slot": "soon"}).status == 404
    assert c.post("/courts/c1/reservations", {"member": "x", "slot": "soon"}).status == 400
