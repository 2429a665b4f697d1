def check_fix_replay(c):
    r = c.replay()
    assert r.status == 400 and r.json() == {"error": "not a week: 2025-W53"}, r


def check_fix_totals_and_closing(c):
    c.fresh()
    for r in (c.get("/weeks/2023-W53"), c.put("/weeks/2022-W53/closed")):
        assert r.status == 400 and "not a week" in r.json()["error"], r


def check_fix_year_zero(c):
    c.fresh()
    r = c.get("/people/ben/weeks/0000-W01")
    assert r.status == 400 and "error" in r.json(), r


def check_same_long_year(c):
    c.put("/people/ada/days/2021-01-03", {"minutes": 90})
    r = c.get("/people/ada/weeks/2020-W53")
    assert r.status == 200 and r.json()["total"] == 90, r
    assert c.get("/weeks/2026-W53").json()["first"] == "2026-12-28"


def check_same_closing(c):
    assert c.put("/weeks/2020-W53/closed").json() == {"week": "2020-W53", "closed": True, "first": "2020-12-28"}
    assert c.put("/people/ada/days/2021-01-01", {"minutes": 90}).status == 409
    assert c.delete("/weeks/2020-W53/closed").status == 204


def check_same_refused(c):
    assert c.get("/weeks/2024-W54").status == 400 and c.get("/weeks/next").status == 400
    assert c.get("/people/zoe/weeks/2025-W53").status == 404
    assert c.get("/weeks/2024-W52").status == 200
