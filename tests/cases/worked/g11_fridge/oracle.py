def bring(c, n=3):
    return [c.post("/items", {"what": f"soup {i}", "keeps_until": "2024-06-01"}).json()["id"] for i in range(n)]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 400 and "detail" in r.json(), r


def check_fix_other_texts(c):
    c.fresh()
    bring(c)
    for text in ("YWJj", "_w%3D%3D", "", "w6Q%3D", "MS41"):
        r = c.get(f"/items?after={text}")
        assert r.status == 400 and "detail" in r.json(), (text, r)


def check_same_pages(c):
    ids = bring(c)
    page = c.get("/items?limit=2").json()
    rest = c.req("GET", "/items", query={"limit": 2, "after": page["next"]}).json()
    assert [i["id"] for i in rest["items"]] == ids[2:] and rest["next"] is None


def check_same_bad_base64(c):
    r = c.get("/items?after=abc")
    assert r.status == 400 and "detail" in r.json()


def check_same_all(c):
    bring(c)
    body = c.get("/items").json()
    assert len(body["items"]) == 3 and body["next"] is None
    assert c.get("/items?limit=0").status == 422
