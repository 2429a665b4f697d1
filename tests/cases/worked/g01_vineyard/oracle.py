def lot(c, grape="riesling", day=None):
    i = c.post("/lots", {"parcel": "p", "grape": grape}).json()["id"]
    if day:
        c.post(f"/lots/{i}/picking", {"picked_on": day, "kilos": 100, "vessel": "T1"})
    return i


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == [
        {"lot": 1, "grape": "riesling", "kilos": 320.0, "vessel": "T1", "days": 30},
        {"lot": 2, "grape": "gamay", "kilos": None, "vessel": None, "days": None}], r


def check_fix_all_on_the_vine(c):
    c.fresh()
    lot(c), lot(c, "gamay")
    r = c.get("/cellar?on=2024-01-01")
    assert r.status == 200 and [x["days"] for x in r.json()] == [None, None], r


def check_fix_order(c):
    c.fresh()
    lot(c), lot(c, "gamay", "2024-09-01"), lot(c)
    assert [(x["lot"], x["days"]) for x in c.get("/cellar?on=2024-09-01").json()] == [(1, None), (2, 0), (3, None)]


def check_same_picked(c):
    lot(c, day="2024-09-10")
    assert c.get("/cellar?on=2024-09-08").json()[0]["days"] == -2


def check_same_empty(c):
    assert c.get("/cellar?on=2024-09-08").json() == []
    assert c.get("/cellar").status == 422


def check_same_show(c):
    lot(c)
    assert c.get("/lots/1").json()["picked_in_week"] is None
