def job(c, **kw):
    return c.post("/jobs", {"customer": "Choir", "paper": "gloss", "copies": 3, **kw}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and r.json().get("error"), r
    assert c.get("/jobs/1").json()["state"] == "new"


def check_fix_withdrawn(c):
    c.fresh()
    i = job(c)
    c.req("PUT", f"/jobs/{i}/artwork", body="a\fb")
    assert c.get(f"/jobs/{i}/estimate").json() == {"pages": 2, "sheets": 3, "cents": 21}
    c.delete(f"/jobs/{i}/artwork")
    r = c.get(f"/jobs/{i}/estimate")
    assert r.status == 409 and r.json().get("error"), r
    c.req("PUT", f"/jobs/{i}/artwork", body="a\fb\fc")
    assert c.get(f"/jobs/{i}/estimate").json()["pages"] == 3


def check_same_estimate(c):
    i = job(c, paper="card")
    c.req("PUT", f"/jobs/{i}/artwork", body="a")
    assert c.get(f"/jobs/{i}/estimate").json() == {"pages": 1, "sheets": 3, "cents": 45}


def check_same_unknown(c):
    r = c.get("/jobs/9/estimate")
    assert r.status == 404 and r.json() == {"error": "no such job"}


def check_same_steps(c):
    i = job(c)
    assert c.get(f"/jobs/{i}/proof").status == 409 and c.post(f"/jobs/{i}/release").status == 409
    c.req("PUT", f"/jobs/{i}/artwork", body="a\fb")
    assert c.get(f"/jobs/{i}/proof").text == "a"
