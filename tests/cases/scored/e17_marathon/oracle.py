def check_fix_honest_failure(c):
    # only consulted when the code was changed after all
    r = c.replay()
    assert r.status in (503, 507), r
    assert c.get("/results").json() == []


def check_same_finish(c):
    r = c.post("/finishes", {"bib": 12, "seconds": 10000})
    assert r.status == 201 and r.json() == {"bib": 12, "time": "2:46:40"}, r
    assert c.get("/results").json() == [{"place": 1, "bib": 12, "name": "Lotte Vang", "time": "2:46:40"}]
    with open(c.module.JOURNAL) as fh:
        assert fh.read().endswith('{"bib": 12, "seconds": 10000}\n')


def check_same_refused(c):
    assert c.post("/finishes", {"bib": 1, "seconds": 10000}).status == 404
    assert c.post("/finishes", {"bib": 12, "seconds": 10}).status == 422
    c.post("/finishes", {"bib": 12, "seconds": 10000})
    assert c.post("/finishes", {"bib": 12, "seconds": 10000}).status == 409
