def fill(c, n=5):
    return [c.post("/boxes", {"label": f"FI-{i:03}", "years": "2001"}).json()["shelf"] for i in range(n)]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and r.json().get("error"), r
    assert c.get("/boxes/HR-106").status == 404


def check_fix_room_again(c):
    c.fresh()
    fill(c)
    assert c.post("/boxes", {"label": "FI-009", "years": "2001"}).status == 409
    assert sum(len(s["boxes"]) for s in c.get("/shelves").json()) == 5
    c.delete("/boxes/FI-002")
    r = c.post("/boxes", {"label": "FI-009", "years": "2001"})
    assert r.status == 201 and r.json() == {"label": "FI-009", "shelf": "A2", "years": "2001"}, r


def check_same_fill(c):
    assert fill(c) == ["A1", "A1", "A2", "A2", "B1"]


def check_same_full_but_bad(c):
    fill(c)
    assert c.post("/boxes", {"label": "FI-000", "years": "2001"}).status == 409
    assert c.post("/boxes", {"label": "fi", "years": "2001"}).status == 400
    assert c.post("/boxes", {"label": "FI-010"}).status == 400


def check_same_move_full(c):
    fill(c)
    r = c.put("/boxes/FI-000/shelf", {"shelf": "B1"})
    assert r.status == 409 and r.json() == {"error": "no room on the shelf"}
