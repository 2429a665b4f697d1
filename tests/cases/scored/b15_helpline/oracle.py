def case(c, **kw):
    return c.post("/cases", {"subject": "s", "requester": "req@corp.example", **kw}).json()["number"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.json()["assignee"] == {"email": "kim.ode@desk.example", "name": "Kim Ode"}, r
    assert [w["email"] for w in r.json()["watchers"]] == ["bo@corp.example"]


def check_fix_own_case(c):
    c.fresh()
    n = case(c)
    r = c.put(f"/cases/{n}/assignee", {"assignee": "req@corp.example"})
    assert r.status == 409 and r.json()["errors"], r
    assert c.get(f"/cases/{n}").json()["assignee"] is None


def check_fix_nonsense(c):
    c.fresh()
    n = case(c)
    for bad in (7, ["kim@desk.example"], "kim", True):
        r = c.put(f"/cases/{n}/assignee", {"assignee": bad})
        assert r.status == 400 and r.json()["errors"], r
    assert c.get(f"/cases/{n}").json()["assignee"] is None


def check_same_object(c):
    n = case(c, watchers=["kim@desk.example", "bo@corp.example"])
    r = c.put(f"/cases/{n}/assignee", {"assignee": {"email": "kim@desk.example"}})
    assert r.json()["assignee"] == {"email": "kim@desk.example", "name": "Kim"} and len(r.json()["watchers"]) == 1, r
    assert c.put(f"/cases/{n}/assignee", {"assignee": {"email": "req@corp.example"}}).status == 409


def check_same_null(c):
    n = case(c)
    c.put(f"/cases/{n}/assignee", {"assignee": {"email": "kim@desk.example"}})
    assert c.put(f"/cases/{n}/assignee", {"assignee": None}).json()["assignee"] is None


def check_same_refused(c):
    n = case(c)
    assert c.put(f"/cases/{n}/assignee", {}).status == 400
    assert c.put(f"/cases/{n}/assignee", {"assignee": {"name": "Kim"}}).status == 400
    assert c.put("/cases/1/assignee", {"assignee": None}).json() == {"errors": ["no case 1"]}
