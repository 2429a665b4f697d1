def arrive(c, name, kennel):
    return c.post("/dogs", {"name": name, "arrived": "2024-01-01", "kennel": kennel})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 422 and "detail" in r.json(), r
    assert c.get("/dogs/1").json()["kennel"] == 2
    assert [k["dogs"] for k in c.get("/kennels").json()] == [[], ["Rufus"], []]


def check_fix_other_numbers(c):
    c.fresh()
    arrive(c, "A", 5)
    for number in (0, -1, 6):
        assert c.post("/dogs/1/move", {"kennel": number}).status == 422, number
    r = c.post("/dogs/1/move", {"kennel": 1})
    assert r.status == 200 and r.json()["kennel"] == 1, r


def check_same_move(c):
    arrive(c, "A", 1)
    arrive(c, "B", 5)
    assert c.post("/dogs/1/move", {"kennel": 5}).status == 409
    assert c.post("/dogs/2/move", {"kennel": 5}).status == 200
    assert c.post("/dogs/2/move", {"kennel": 1}).status == 200
    assert [k["dogs"] for k in c.get("/kennels").json()] == [["A", "B"], [], []]


def check_same_unknown_dog(c):
    assert c.post("/dogs/7/move", {"kennel": 1}).status == 404
    assert c.post("/dogs/7/move", {"kennel": 4}).status == 404


def check_same_arrive(c):
    assert arrive(c, "A", 4).status == 422
    assert arrive(c, "A", 5).status == 201
