def page(c, title, text=""):
    assert c.post("/pages", {"title": title, "text": text}).status == 201


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and r.json()["error"]["kind"] == "title-taken", r
    assert [p["title"] for p in c.get("/pages").json()] == ["Holidays", "Leave"]
    assert [h["what"] for h in c.get("/pages/leave/history").json()] == ["created"]


def check_fix_old_address(c):
    c.fresh()
    page(c, "Alpha", "a")
    page(c, "Gamma", "g")
    c.put("/pages/alpha/title", {"title": "Beta"})
    r = c.put("/pages/alpha/title", {"title": "  gamma "})
    assert r.status == 409 and r.json()["error"]["kind"] == "title-taken", r
    assert c.get("/pages/alpha").json()["title"] == "Beta" and c.get("/pages/gamma").json()["text"] == "g"
    assert len(c.get("/pages/beta/history").json()) == 2


def check_fix_works_afterwards(c):
    c.fresh()
    page(c, "Alpha")
    page(c, "Beta")
    assert c.put("/pages/alpha/title", {"title": "Beta"}).status == 409
    assert c.put("/pages/alpha/title", {"title": "Delta"}).json()["slug"] == "delta"
    assert c.get("/pages/alpha").json()["slug"] == "delta"


def check_same_own_title(c):
    page(c, "how to deploy")
    r = c.put("/pages/how-to-deploy/title", {"title": "How to Deploy"})
    assert r.status == 200 and r.json()["slug"] == "how-to-deploy" and r.json()["title"] == "How to Deploy", r


def check_same_rename(c):
    page(c, "Alpha", "a")
    c.put("/pages/alpha/title", {"title": "Beta"})
    page(c, "Alpha", "new")
    assert c.get("/pages/alpha").json()["text"] == "new" and c.get("/pages/beta").json()["text"] == "a"


def check_same_old_name_of_another(c):
    page(c, "Alpha", "a")
    c.put("/pages/alpha/title", {"title": "Beta"})
    page(c, "Gamma", "g")
    r = c.put("/pages/gamma/title", {"title": "Alpha"})
    assert r.status == 200 and c.get("/pages/alpha").json()["text"] == "g", r


def check_same_refused(c):
    page(c, "Alpha")
    assert c.put("/pages/alpha/title", {"title": "!!"}).json()["error"]["kind"] == "invalid"
    assert c.put("/pages/none/title", {"title": "x"}).status == 404
    assert c.post("/pages", {"title": "ALPHA"}).status == 409
