POS = {"at": "2024-06-01T08:00:00Z", "lat": 48.1, "lon": 11.5, "km": 100}


def check_fix_honest_failure(c):
    # only consulted when the code was changed after all: no confirmation, nothing taken over
    r = c.replay()
    assert r.status in (500, 503, 507), r
    assert c.get("/vans/pollux/last").status == 404
    assert c.get("/journal").json() == {"entries": 0}


def check_same_report(c):
    assert c.post("/vans/vega/positions", POS).json() == {"van": "vega", "entry": 1}
    assert c.get("/journal").json() == {"entries": 1}
    with open(c.module.journal.path) as fh:
        assert '"km":100' in fh.read()


def check_same_order(c):
    c.post("/vans/vega/positions", POS)
    assert c.post("/vans/vega/positions", POS).status == 409
    assert c.post("/vans/nova/positions", POS).status == 404
    assert c.get("/vans").json()[2] == {"van": "vega", "positions": 1, "km": 100}
