def person(c, login="ada", name="Ada Brandt"):
    c.post("/people", {"login": login, "name": name})


def book(c, organiser="ada", minutes=60):
    return c.post("/rooms/oak/bookings", {"title": "Review", "starts": "2024-05-06T09:00:00", "minutes": minutes, "organiser": organiser}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.text == "QUARTERLY\n03.06.2024 14:00-15:00\nOrganiser: facility desk\n", r


def check_fix_two_people(c):
    c.fresh()
    person(c), person(c, "ben", "Ben Yu")
    a, b = book(c), book(c, "ben")
    c.delete("/people/ben")
    assert c.get(f"/bookings/{b}/notice").text.endswith("Organiser: facility desk\n")
    assert c.get(f"/bookings/{a}/notice").text.endswith("Organiser: Ada Brandt\n")


def check_same_notice(c):
    person(c)
    i = book(c, minutes=75)
    r = c.get(f"/bookings/{i}/notice")
    assert r.headers["content-type"].startswith("text/plain") and r.text == "REVIEW\n06.05.2024 09:00-10:15\nOrganiser: Ada Brandt\n"


def check_same_list(c):
    person(c)
    book(c)
    assert c.delete("/people/ada").status == 204
    assert [b["organiser"] for b in c.get("/rooms/oak/bookings").json()] == ["facility desk"]


def check_same_unknown(c):
    assert c.get("/bookings/4/notice").status == 404
    assert c.delete("/people/zed").status == 404
