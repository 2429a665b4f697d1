def show(c, hall="studio"):
    return c.post("/shows", {"title": "S", "hall": hall}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"A": "..........", "B": "..........", "C": "............", "D": ".......x...."}, r
    assert "D" not in c.get("/shows/2/seats").json()


def check_fix_halls_stay(c):
    c.fresh()
    a = show(c)
    assert c.patch(f"/shows/{a}/rows", {"row": "C", "seats": 0}).json()["seats"] == 10
    assert c.get("/halls").json() == {"studio": 16, "opera": 44}
    b = show(c)
    assert c.get(f"/shows/{b}/seats").json() == {"A": "....", "B": "......", "C": "......"}
    assert c.post(f"/shows/{b}/seats", {"seat": "C6"}).status == 201
    assert c.post(f"/shows/{a}/seats", {"seat": "C6"}).status == 404


def check_fix_shorter_row_elsewhere(c):
    c.fresh()
    a, b = show(c), show(c)
    c.post(f"/shows/{a}/seats", {"seat": "B6"})
    assert c.patch(f"/shows/{b}/rows", {"row": "B", "seats": 3}).json()["seats"] == 13
    r = c.get(f"/shows/{a}/seats")
    assert r.status == 200 and r.json()["B"] == ".....x", r
    assert [s["seats"] for s in c.get("/shows").json()] == [16, 13]


def check_same_sell(c):
    n = show(c)
    assert c.post(f"/shows/{n}/seats", {"seat": "A4"}).json() == {"seat": "A4", "left": 15}
    assert c.post(f"/shows/{n}/seats", {"seat": "A5"}).status == 404
    assert c.post(f"/shows/{n}/seats", {"seat": "a4"}).status == 400


def check_same_shorten(c):
    n = show(c)
    c.post(f"/shows/{n}/seats", {"seat": "B5"})
    assert c.patch(f"/shows/{n}/rows", {"row": "B", "seats": 4}).status == 409
    assert c.patch(f"/shows/{n}/rows", {"row": "B", "seats": 5}).json()["seats"] == 15
    assert c.get(f"/shows/{n}/seats").json()["B"] == "....x"
    assert c.patch(f"/shows/{n}/rows", {"row": "Q", "seats": 1}).status == 404
