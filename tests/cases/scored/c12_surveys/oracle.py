def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.json() == {"question": "diet", "answered": 3, "blank": 2, "figures": {"votes": {"vegan": 2, "meat": 1}, "lead": 0.67}}, r


def check_fix_blank_majority(c):
    c.fresh()
    c.post("/surveys/canteen/replies", {"visits": 1, "diet": "meat"})
    for _ in range(3):
        c.post("/surveys/canteen/replies", {"visits": 1, "diet": ""})
    r = c.get("/surveys/canteen/questions/diet/summary")
    assert r.status == 200 and r.json()["figures"] == {"votes": {"meat": 1}, "lead": 1.0} and r.json()["blank"] == 3, r


def check_fix_all_blank(c):
    c.fresh()
    c.post("/surveys/canteen/replies", {"visits": 1})
    r = c.get("/surveys/canteen/questions/diet/summary")
    assert r.status == 200 and r.json() == {"question": "diet", "answered": 0, "blank": 1, "figures": {"votes": {}, "lead": None}}, r


def check_same_choice(c):
    for site in ("north", "south", "south", "south"):
        c.post("/surveys/move/replies", {"site": site})
    assert c.get("/surveys/move/questions/site/summary").json()["figures"] == {"votes": {"north": 1, "south": 3}, "lead": 0.75}


def check_same_nobody(c):
    assert c.get("/surveys/canteen/questions/diet/summary").json()["figures"] == {"votes": {}, "lead": None}
    assert c.get("/surveys/canteen/questions/price/summary").json()["figures"]["mean"] is None


def check_same_required(c):
    assert c.post("/surveys/move/replies", {}).json() == {"message": "site is required"}
    assert c.post("/surveys/canteen/replies", {"visits": 1, "diet": None}).status == 201
