def add(c, kind, **body):
    return c.post(f"/{kind}", body).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert [(s["name"], s["section"]) for s in r.json()] == [("Berit", None), ("Clara", "Soprano 2")], r


def check_fix_unassigned_again(c):
    c.setup()
    assert [s["name"] for s in c.get("/singers?unassigned=1").json()] == ["Berit"]


def check_fix_new_section(c):
    c.setup()
    n = add(c, "sections", name="Soprano 3", voice="soprano")
    berit = c.get("/singers?unassigned=1").json()[0]["id"]
    assert c.put(f"/singers/{berit}/section", {"section": n}).json()["section"] == "Soprano 3"
    assert c.get("/singers?unassigned=1").json() == []


def check_fix_project_of_a_singer_without_section(c):
    c.setup()
    p = add(c, "projects", title="Elias")
    berit = [s["id"] for s in c.get("/singers").json() if s["name"] == "Berit"][0]
    r = c.put(f"/singers/{berit}/projects/{p}")
    assert r.status == 200 and r.json()["section"] is None and r.json()["projects"] == ["Elias"], r


def check_same_assign(c):
    s, a = add(c, "sections", name="Bass 1", voice="bass"), add(c, "singers", name="Karl", voice="bass")
    assert c.put(f"/singers/{a}/section", {"section": s}).json()["section"] == "Bass 1"
    assert c.put(f"/singers/{a}/section", {"section": 50}).status == 422


def check_same_project_removed(c):
    p, a = add(c, "projects", title="Elias"), add(c, "singers", name="Karl", voice="bass")
    c.put(f"/singers/{a}/projects/{p}")
    c.delete(f"/projects/{p}")
    assert c.get("/singers").json()[0]["projects"] == []


def check_same_remove_unknown(c):
    r = c.delete("/sections/9")
    assert r.status == 404 and r.json() == {"error": "no such section"}
    s = add(c, "sections", name="Bass 1", voice="bass")
    assert c.delete(f"/sections/{s}").status == 204
