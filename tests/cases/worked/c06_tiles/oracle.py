def bad(c, path):
    r = c.get(path)
    assert r.status == 400 and "error" in r.json(), r


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 400 and "error" in r.json(), r


def check_fix_longitude(c):
    c.fresh()
    for text in ("nan", "NaN", "inf", "-Infinity", "1e999"):
        bad(c, f"/layers/streets/tile?lat=10&lon={text}")


def check_fix_around(c):
    c.fresh()
    bad(c, "/layers/terrain/around?lat=nan&lon=1&zoom=3")
    bad(c, "/layers/terrain/around?lat=1&lon=inf&zoom=3")


def check_same_far_round(c):
    assert c.get("/layers/streets/tile?lat=10&lon=100010&zoom=5").json() == c.get("/layers/streets/tile?lat=10&lon=-70&zoom=5").json()
    assert c.get("/layers/streets/tile?lat=1e1&lon=-180&zoom=0").json()["x"] == 0


def check_same_latitude(c):
    assert c.get("/layers/streets/tile?lat=85.0511&lon=0&zoom=3").json()["y"] == 0
    assert c.get("/layers/streets/tile?lat=-85.0511&lon=0&zoom=3").json()["y"] == 7
    bad(c, "/layers/streets/tile?lat=inf&lon=0")
    bad(c, "/layers/streets/tile?lat=-85.06&lon=0")


def check_same_unknown(c):
    assert c.get("/layers/moon/tile?lat=nan&lon=0").status == 404
    assert c.get("/layers/streets/bounds/2/4/0").status == 404
