def add(c, **fields):
    return c.post("/tickets", {"subject": "s", "fields": fields}).json()["number"]


def subjects(r):
    assert r.status == 200 and r.json()["ok"] is True, r
    assert r.json()["count"] == len(r.json()["tickets"])
    return [t["subject"] for t in r.json()["tickets"]]


def check_fix_replay(c):
    assert subjects(c.replay()) == ["Link down"]


def check_fix_address(c):
    c.fresh()
    a = add(c, monitor="http://mon.example:8080/7", site="Ulm")
    add(c, monitor="http", site="Ulm")
    add(c, monitor="http://mon.example:8080/7", site="Kiel")
    r = c.get("/tickets?where=site:ulm&where=Monitor:%20HTTP://mon.example:8080/7")
    assert r.status == 200 and [t["number"] for t in r.json()["tickets"]] == [a], r


def check_fix_nothing_found(c):
    c.fresh()
    add(c, build="12")
    assert subjects(c.get("/tickets?where=build:12:30")) == []
    assert subjects(c.get("/tickets?where=build:12:")) == []


def check_same_where(c):
    add(c, site="Ulm")
    add(c, site="Kiel")
    assert len(subjects(c.get("/tickets?where=SITE:ulm"))) == 1 and len(subjects(c.get("/tickets"))) == 2


def check_same_refused(c):
    for query in ("where=ulm", "state=lost", "where=site:x&where=y"):
        r = c.get("/tickets?" + query)
        assert r.status == 400 and r.json()["ok"] is False and r.json()["reason"], r


def check_same_text_fields(c):
    r = c.post("/tickets", {"subject": "s", "fields": "rack: 4:12"})
    assert r.json()["fields"] == {"rack": "4:12"}
