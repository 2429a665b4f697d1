def install(c, lamp_id, watts=60, circuit="market"):
    return c.put(f"/lamps/{lamp_id}", {"street": "Mill Street", "watts": watts, "circuit": circuit})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"circuit": "station", "now": 0, "full": 150}, r


def check_fix_switching(c):
    c.fresh()
    install(c, "L1"), install(c, "L2", 40), install(c, "L3", 20)
    assert c.delete("/lamps/L2").status == 200
    assert c.post("/circuits/market/on").json() == {"changed": 2}
    assert c.get("/circuits/market/load").json() == {"circuit": "market", "now": 80, "full": 80}


def check_fix_off_the_circuit(c):
    c.fresh()
    install(c, "L1"), install(c, "L2")
    c.delete("/lamps/L1")
    assert c.get("/circuits").json() == {"harbour": [], "market": ["L2"], "station": []}


def check_fix_installed_again(c):
    c.fresh()
    install(c, "L1")
    c.delete("/lamps/L1")
    assert install(c, "L1", 35, "harbour").status == 201
    assert c.get("/circuits").json() == {"harbour": ["L1"], "market": [], "station": []}
    assert c.get("/circuits/market/load").json()["full"] == 0
    assert c.get("/circuits/harbour/load").json()["full"] == 35


def check_same_load(c):
    install(c, "L1"), install(c, "L2", 25, "harbour")
    c.post("/circuits/harbour/on")
    assert c.get("/circuits/harbour/load").json() == {"circuit": "harbour", "now": 25, "full": 25}
    assert c.get("/circuits/station/load").json() == {"circuit": "station", "now": 0, "full": 0}


def check_same_rewire(c):
    install(c, "L1"), install(c, "L2")
    c.patch("/lamps/L1", {"circuit": "station"})
    assert c.get("/circuits").json() == {"harbour": [], "market": ["L2"], "station": ["L1"]}


def check_same_dismantled(c):
    install(c, "L1")
    assert c.delete("/lamps/L1").json() == {"id": "L1", "street": "Mill Street", "watts": 60, "circuit": "market", "lit": False}
    assert c.delete("/lamps/L1").status == 404
    assert c.get("/circuits/moon/load").status == 404
