def register(c, code, candidate):
    return c.post(f"/exams/{code}/registrations", {"candidate": candidate}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and "detail" in r.json(), r
    assert c.get("/exams/B1-06/registrations").json() == ["Lena"] and c.get("/exams/B1-09/registrations").json() == ["Lena"]


def check_fix_service_goes_on(c):
    c.fresh()
    a, b = register(c, "B1-06", "Jo"), register(c, "B1-09", "Jo")
    assert c.patch(f"/registrations/{b}", {"exam": "B1-06"}).status == 409
    assert {e["code"]: e["free"] for e in c.get("/exams").json()} == {"B1-06": 2, "B1-09": 1, "C1-06": 1}
    assert c.req("DELETE", f"/registrations/{a}").status == 204
    r = c.patch(f"/registrations/{b}", {"exam": "B1-06"})
    assert r.status == 200 and r.json()["exam"] == "B1-06", r


def check_same_transfer(c):
    i = register(c, "B1-06", "Jo")
    register(c, "B1-09", "Kim")
    r = c.patch(f"/registrations/{i}", {"exam": "B1-09"})
    assert r.status == 200 and r.json() == {"id": i, "candidate": "Jo", "exam": "B1-09", "title": "German B1, September", "free": 0}


def check_same_full(c):
    register(c, "C1-06", "Kim")
    i = register(c, "B1-06", "Jo")
    assert c.patch(f"/registrations/{i}", {"exam": "C1-06"}).json()["detail"] == "exam is full"


def check_same_unknown(c):
    i = register(c, "B1-06", "Jo")
    assert c.patch(f"/registrations/{i}", {"exam": "X"}).status == 404
    assert c.patch("/registrations/99", {"exam": "B1-06"}).status == 404
