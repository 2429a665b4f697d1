def rec(c, ingredients, servings=4):
    return c.post("/recipes", {"title": "T", "servings": servings, "ingredients": ingredients}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.json()["ingredients"] == [{"name": "potato", "amount": 1500.0, "unit": "g"}, {"name": "salt", "amount": None, "unit": "g"},
                                       {"name": "butter", "amount": 60.0, "unit": "g"}], r
    assert r.json()["servings"] == 6


def check_fix_only_by_eye(c):
    c.fresh()
    n = rec(c, [{"name": "ice"}])
    r = c.get(f"/recipes/{n}?servings=1")
    assert r.status == 200 and r.json()["ingredients"] == [{"name": "ice", "amount": None, "unit": "piece"}], r
    assert c.get(f"/recipes/{n}").json()["ingredients"][0]["amount"] is None


def check_fix_list(c):
    c.fresh()
    n = rec(c, [{"name": "oil", "amount": None, "unit": "ml"}, {"name": "carrot", "amount": 3}], 2)
    r = c.get(f"/shopping-list?recipe={n}&servings=8")
    assert r.status == 200 and r.json() == {"buy": [{"name": "carrot", "unit": "piece", "amount": 12.0}], "by_eye": ["oil"]}, r


def check_same_scale(c):
    n = rec(c, [{"name": "rice", "amount": 100, "unit": "g"}, {"name": "egg", "amount": 1}], 3)
    assert [i["amount"] for i in c.get(f"/recipes/{n}?servings=1").json()["ingredients"]] == [33.33, 0.33]


def check_same_refusals(c):
    n = rec(c, [{"name": "rice", "amount": 100, "unit": "g"}])
    assert c.get(f"/recipes/{n}?servings=101").status == 400 and c.get(f"/recipes/{n}?servings=two").status == 400
    assert c.post("/recipes", {"title": "T", "ingredients": [{"name": "x", "amount": "1"}]}).status == 400
    assert c.get("/shopping-list?recipe=77").status == 404


def check_same_null_kept(c):
    n = rec(c, [{"name": "salt", "amount": None, "unit": "g"}])
    assert c.get(f"/recipes/{n}").json()["ingredients"][0]["amount"] is None
    assert c.get(f"/recipes/{n}/card").text == "T\n\nsalt\n"
