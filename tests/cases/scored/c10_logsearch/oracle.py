def check_fix_replay(c):
    r = c.replay()
    assert r.status in (200, 400), r
    if r.status == 400:
        assert "error" in r.json(), r
    else:  # a parser that copes is as good
        assert [e["n"] for e in r.json()["lines"]] == [5, 3], r


def check_fix_box(c):
    c.fresh()
    r = c.get("/search/check", query={"q": "(" * 450 + "smtp" + ")" * 450})
    assert r.status == 200 and set(r.json()) == {"ok", "reason"}, r
    if not r.json()["ok"]:
        assert isinstance(r.json()["reason"], str)
    r = c.get("/search/check", query={"q": "(" * 900})
    assert r.status == 200 and r.json()["ok"] is False and r.json()["reason"], r


def check_fix_unclosed(c):
    c.fresh()
    r = c.get("/search", query={"q": "(" * 800})
    assert r.status == 400 and "error" in r.json(), r
    r = c.get("/search", query={"q": "NOT ( a " * 240})
    assert r.status == 400 and "error" in r.json(), r


def check_same_modest_depth(c):
    r = c.get("/search", query={"q": "((((((((((timeout))))))))))"})
    assert r.status == 200 and r.json()["total"] == 2, r
    r = c.get("/search", query={"q": "((queue OR port) OR (NOT (timeout))) service:mail"})
    assert [e["n"] for e in r.json()["lines"]] == [4], r


def check_same_nots(c):
    r = c.get("/search", query={"q": "NOT " * 300 + "smtp"})
    assert [e["n"] for e in r.json()["lines"]] == [3], r
    assert c.get("/search", query={"q": "timeout " * 900 + "OR drained"}).json()["total"] == 3


def check_same_refusals(c):
    assert c.get("/search", query={"q": "a )"}).status == 400
    assert c.get("/search", query={"q": "a " * 1001}).json() == {"error": "query is too long"}
    assert c.get("/search").status == 400
