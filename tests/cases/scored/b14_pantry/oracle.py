def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and r.json()["error"] == "conflict" and r.json()["detail"], r
    assert c.get("/ingredients/2").json()["name"] == "sugar"
    assert c.get("/recipes/1").json()["parts"] == [{"ingredient": "flour", "grams": 250}, {"ingredient": "sugar", "grams": 100}]


def check_fix_until_unused(c):
    c.fresh()
    c.post("/ingredients", {"name": "salt"})
    for title in ("A", "B"):
        c.post("/recipes", {"title": title, "parts": {"salt": 5}})
    assert c.delete("/ingredients/1").status == 409
    c.delete("/recipes/1")
    assert c.delete("/ingredients/1").status == 409
    c.delete("/recipes/2")
    assert c.delete("/ingredients/1").status == 204
    assert c.get("/ingredients").json() == []


def check_fix_service_goes_on(c):
    c.fresh()
    c.post("/ingredients", {"name": "salt"})
    c.post("/recipes", {"title": "A", "parts": {"salt": 5}})
    assert c.delete("/ingredients/1").status == 409
    assert c.post("/ingredients", {"name": "rye"}).status == 201
    assert c.delete("/ingredients/2").status == 204
    assert c.get("/recipes/1").json()["parts"] == [{"ingredient": "salt", "grams": 5}]


def check_same_unused(c):
    c.post("/shelves", {"name": "low"})
    c.post("/ingredients", {"name": "rye", "shelf_id": 1})
    assert c.delete("/shelves/1").status == 409
    assert c.delete("/ingredients/1").status == 204 and c.delete("/shelves/1").status == 204


def check_same_missing(c):
    r = c.delete("/ingredients/7")
    assert r.status == 404 and r.json()["error"] == "missing", r
    assert c.delete("/shelves/7").status == 404 and c.delete("/recipes/7").status == 404


def check_same_recipe(c):
    c.post("/ingredients", {"name": "rye"})
    c.post("/recipes", {"title": "A", "parts": {"rye": 5}})
    assert c.delete("/recipes/1").status == 204
    assert c.get("/ingredients/1").json() == {"id": 1, "name": "rye", "shelf": None}
