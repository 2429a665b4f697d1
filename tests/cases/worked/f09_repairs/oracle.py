def job(c):
    return c.post("/jobs", {"customer": "Per", "piece": "desk"}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and "detail" in r.json(), r
    assert [j["state"] for j in c.get("/jobs").json()] == ["done"]


def check_fix_goes_on_afterwards(c):
    c.fresh()
    i = job(c)
    c.post(f"/jobs/{i}/finish")
    assert c.post(f"/jobs/{i}/invoice").status == 409
    assert c.get("/invoices/1").status == 404
    assert c.put(f"/jobs/{i}/quote", {"labour": 3000, "material": 0}).status == 200
    r = c.post(f"/jobs/{i}/invoice")
    assert r.status == 201 and r.json() == {"number": 1, "job": i, "net": 3000, "vat": 600, "total": 3600}, r


def check_same_invoice(c):
    i = job(c)
    c.put(f"/jobs/{i}/quote", {"labour": 0, "material": 0})
    c.post(f"/jobs/{i}/finish")
    r = c.post(f"/jobs/{i}/invoice")
    assert r.status == 201 and r.json()["total"] == 0
    assert c.post(f"/jobs/{i}/invoice").status == 409


def check_same_finish_without_quote(c):
    i = job(c)
    assert c.post(f"/jobs/{i}/accept").status == 409
    assert c.post(f"/jobs/{i}/finish").json()["state"] == "done"


def check_same_404(c):
    assert c.post("/jobs/5/invoice").status == 404
