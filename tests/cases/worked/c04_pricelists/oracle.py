import base64

GOOD = "sku;name;price\nA1;Käse;12,50\n"


def b64(raw):
    return base64.b64encode(raw).decode()


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 400 and r.json()["error"], r
    job = c.get("/suppliers/lima/import").json()
    assert job["state"] == "failed" and job["error"], job
    assert c.get("/suppliers/lima/prices").json() == {"P1": 990}


def check_fix_can_try_again(c):
    c.fresh()
    bad = {"headers": {"content-type": "text/csv"}, "body_b64": b64(GOOD.encode("latin-1"))}
    assert c.req("POST", "/suppliers/acme/import", **bad).status == 400
    r = c.req("POST", "/suppliers/acme/import", headers={"content-type": "text/csv"}, body=GOOD)
    assert r.status == 201 and r.json()["rows"] == 1 and r.json()["error"] is None, r


def check_fix_declared_but_wrong(c):
    c.fresh()
    r = c.req("POST", "/suppliers/nord/import", headers={"content-type": "text/csv; charset=us-ascii"}, body=GOOD)
    assert r.status == 400 and "error" in r.json(), r
    assert c.get("/suppliers/nord/import").json()["state"] == "failed"


def check_same_latin(c):
    r = c.req("POST", "/suppliers/nord/import", headers={"content-type": 'text/csv; charset="latin-1"'}, body_b64=b64(GOOD.encode("latin-1")))
    assert r.status == 201 and c.get("/suppliers/nord/prices").json() == {"A1": 1250}


def check_same_preview(c):
    r = c.req("POST", "/suppliers/nord/preview", headers={"content-type": "text/csv"}, body_b64=b64(GOOD.encode("latin-1")))
    assert r.status == 400 and r.json()["error"].startswith("cannot read the file"), r
    assert c.get("/suppliers/nord/import").status == 404


def check_same_table_errors(c):
    r = c.req("POST", "/suppliers/nord/import", body="sku;name;price\nA1;x\n")
    assert r.status == 400 and r.json() == {"error": "cannot read the file: line 2 has 2 columns"}, r
    assert c.get("/suppliers/nord/import").json()["error"] == "line 2 has 2 columns"
    r = c.req("POST", "/suppliers/nord/import", headers={"content-type": "text/csv; charset=klingon"}, body="x")
    assert r.status == 415
