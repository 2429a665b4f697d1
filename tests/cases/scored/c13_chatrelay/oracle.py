def event(c, source, name, payload):
    return c.post(f"/in/{source}", payload, headers={"x-relay-event": name})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 202, r
    assert [(m["channel"], m["text"]) for m in r.json()["messages"]] == [("dev", "#31 Printer on fire ()"), ("urgent", "Printer on fire: hardware")], r
    assert len(c.get("/channels/dev").json()) == 1


def check_fix_absent_parents(c):
    c.fresh()
    r = event(c, "shop", "paid", {"total": 3})
    assert r.status == 202 and r.json()["messages"][0]["text"] == "paid 3", r
    r = event(c, "tracker", "issue", {"issue": {"id": 1, "title": "T", "priority": "high", "assignee": {"name": "O"}, "labels": []}})
    assert [m["text"] for m in r.json()["messages"]] == ["#1 T (O)", "T:"], r


def check_fix_plain_parent(c):
    c.fresh()
    r = event(c, "shop", "paid", {"customer": "Ida", "total": 3})
    assert r.status == 202 and r.json()["messages"][0]["text"] == "paid 3", r


def check_fix_condition(c):
    c.fresh()
    r = c.post("/rules/", {"source": "shop", "event": "paid", "channel": "vip", "text": "!", "when": {"customer.level.name": "gold"}})
    n = r.json()["number"]
    r = c.post(f"/rules/{n}/try", {"customer": {"level": None}})
    assert r.status == 200 and r.json() == {"matches": False, "text": None}, r
    assert c.post(f"/rules/{n}/try", {"customer": {"level": {"name": "gold"}}}).json() == {"matches": True, "text": "!"}


def check_same_lists(c):
    n = c.post("/rules/", {"source": "shop", "event": "x", "channel": "y", "text": "{{tags}}|{{tags.1}}|{{tags.7}}|{{ok}}|{{o}}"}).json()["number"]
    assert c.post(f"/rules/{n}/try", {"tags": ["a", "b"], "ok": True, "o": {"k": 0}}).json()["text"] == "a, b|b||yes|{'k': 0}"


def check_same_zero(c):
    n = c.post("/rules/", {"source": "shop", "event": "x", "channel": "y", "text": "{{a.n}}/{{a.f}}", "when": {"a.n": 0}}).json()["number"]
    assert c.post(f"/rules/{n}/try", {"a": {"n": 0, "f": False}}).json() == {"matches": True, "text": "0/no"}


def check_same_refusals(c):
    assert event(c, "git", "push", {}).status == 401
    assert c.req("POST", "/in/shop", body="null", headers={"x-relay-event": "paid"}).json()["code"] == "bad_json"
    assert c.post("/rules/77/try", {}).status == 404
