def new(c, title, **kw):
    return c.post("/jobs", {"title": title, "company": "Berg", **kw}).json()["id"]


def titles(c, query="sort=salary"):
    r = c.get("/jobs?" + query)
    assert r.status == 200, r
    return [j["title"] for j in r.json()]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert [j["title"] for j in r.json()] == ["Crane driver", "Warehouse hand", "Forklift driver"], r
    assert r.json()[2]["salary"] == [None, None]


def check_fix_several_without(c):
    c.fresh()
    for title, kw in (("aaa", {}), ("bbb", {"salary_from": 10}), ("ccc", {}), ("ddd", {"salary_to": 20}), ("eee", {"salary_from": 1, "salary_to": 15})):
        new(c, title, **kw)
    assert titles(c) == ["ddd", "eee", "bbb", "aaa", "ccc"]


def check_fix_only_without(c):
    c.fresh()
    new(c, "aaa")
    new(c, "bbb")
    assert titles(c) == ["aaa", "bbb"]
    assert titles(c, "sort=salary&q=bbb") == ["bbb"]


def check_same_salary(c):
    new(c, "low", salary_from=100)
    new(c, "same", salary_from=50, salary_to=100)
    new(c, "high", salary_to=101)
    assert titles(c) == ["high", "low", "same"]
    assert titles(c, "sort=new") == ["high", "same", "low"]


def check_same_closing(c):
    new(c, "open")
    new(c, "soon", closes="2024-01-01")
    assert titles(c, "sort=closing") == ["soon", "open"]
    assert c.get("/companies/BERG/jobs").json() == [2, 1]


def check_same_accepts_without_salary(c):
    r = c.post("/jobs", {"title": "Volunteer", "company": "Berg"})
    assert r.status == 201 and r.json()["salary_from"] is None
    assert c.post("/jobs", {"title": "Nobody", "company": "Berg", "salary_from": 0}).status == 422
