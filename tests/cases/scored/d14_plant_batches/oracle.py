def new(c, **kw):
    return c.post("/batches", {"species": "tomato", "plants": 30, "day": "2024-04-01", **kw}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 201, r
    assert r.json() == {"id": 2, "source": "bought", "species": "begonia", "plants": 120, "left": 115, "since": "2024-02-10", "supplier": "Flora"}, r
    assert c.get("/batches/2").json()["notes"] == ["5 lost: frost on the way"]
    assert c.get("/claims").json() == {"Flora": 5}


def check_fix_show_a_bought_batch(c):
    c.fresh()
    n = new(c, supplier="Hortus", age=10)
    r = c.get(f"/batches/{n}")
    assert r.status == 200 and r.json()["notes"] == [] and r.json()["left"] == 30, r


def check_fix_each_its_own_notes(c):
    c.fresh()
    a, b = new(c, supplier="Hortus"), new(c, supplier="Hortus")
    c.post(f"/batches/{a}/losses", {"plants": 1})
    c.post(f"/batches/{b}/losses", {"plants": 2, "reason": "mould"})
    assert c.get(f"/batches/{a}").json()["notes"] == ["1 lost: no reason given"]
    assert c.get(f"/batches/{b}").json()["notes"] == ["2 lost: mould"]
    assert c.get("/claims").json() == {"Hortus": 3}
    assert c.get(f"/batches/{new(c)}").json()["notes"] == []


def check_same_sown(c):
    n = new(c)
    assert c.post(f"/batches/{n}/losses", {"plants": 4, "reason": "heat"}).json()["left"] == 26
    assert c.get(f"/batches/{n}").json()["notes"] == ["4 lost: heat"]
    assert c.get("/claims").json() == {}


def check_same_too_many(c):
    n = new(c, supplier="Hortus")
    r = c.post(f"/batches/{n}/losses", {"plants": 31})
    assert r.status == 409 and "error" in r.json()
    assert c.post(f"/batches/{n}/losses", {"plants": "1"}).status == 422


def check_same_head_start(c):
    n, m = new(c, supplier="Hortus", age=20), new(c)
    assert [b["id"] for b in c.get("/batches?ready_on=2024-05-06").json()] == [n]


def check_same_sale(c):
    n = new(c, supplier="Hortus")
    assert c.post(f"/batches/{n}/sales", {"plants": 30}).json()["left"] == 0
    assert c.get("/batches/77").status == 404
