H = {"X-Reviewer": "omar"}


def start(c, lang):
    c.post("/units", {"source": "Open file"})
    c.put(f"/units/1/targets/{lang}", {"text": "t"})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.json()["targets"] == {"pt-br": {"text": "Abrir arquivo", "state": "approved", "by": "nuno"}}, r


def check_fix_return(c):
    c.fresh()
    start(c, "zh-hant")
    r = c.post("/review/units/1/zh_Hant/return", headers=H)
    assert r.status == 200 and r.json()["targets"] == {"zh-hant": {"text": "t", "state": "returned", "by": "omar"}}, r
    assert c.get("/review/open").json() == []


def check_fix_approved_is_closed(c):
    c.fresh()
    start(c, "DE")
    assert c.post("/review/units/1/De/approve", headers=H).status == 200
    assert c.put("/units/1/targets/de", {"text": "u"}).status == 409
    assert list(c.get("/units/1").json()["targets"]) == ["de"]


def check_same_lower(c):
    start(c, "fr")
    r = c.post("/review/units/1/fr/approve", headers=H)
    assert r.json()["targets"]["fr"] == {"text": "t", "state": "approved", "by": "omar"}, r


def check_same_missing(c):
    start(c, "fr")
    assert c.post("/review/units/1/DE/approve", headers=H).status == 404
    assert c.post("/review/units/2/fr/approve", headers=H).status == 404
    assert c.delete("/units/1/targets/de").status == 404


def check_same_refused(c):
    start(c, "fr")
    assert c.post("/review/units/1/fr/burn", headers=H).status == 400
    assert c.post("/review/units/1/fr/approve").status == 400
