def put(c, text, number=1):
    return c.put(f"/rounds/{number}", body=text)


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    out = r.json()
    assert out["round"] == 4 and out["games"] == 2, out
    assert [p["line"] for p in out["problems"]] == [3] and out["problems"][0]["error"], out
    assert [g["white"] for g in c.get("/rounds/4").json()] == ["anna", "emil"]


def check_fix_all_shapes(c):
    c.fresh()
    r = put(c, "Anna; Bert\nAnna; Bert; 1-0; good game\nAnna\nAnna, Bert, 1-0\nCarl; Zora; 1-0\nCarl; Dina; 1-0\n")
    assert r.status == 200, r
    assert r.json()["games"] == 1 and [p["line"] for p in r.json()["problems"]] == [1, 2, 3, 4, 5], r
    assert c.get("/table").json()[0] == {"member": "carl", "points": 2}


def check_fix_nothing_good(c):
    c.fresh()
    put(c, "Anna; Bert; 1-0")
    r = put(c, "see attachment")
    assert r.status == 200 and r.json()["games"] == 0 and len(r.json()["problems"]) == 1, r
    assert c.get("/rounds/1").json() == []


def check_same_good(c):
    assert put(c, "\ufeff#x\n anna ;BERT; 1/2 \n").json() == {"round": 1, "games": 1, "problems": []}


def check_same_problems(c):
    r = put(c, "Anna; ; 1-0\nAnna; Bert; \nAnna; Bert; 1-0\nAnna; Carl; 1-0")
    assert [(p["line"], p["error"]) for p in r.json()["problems"]] == [(1, "unknown member: "), (2, "unknown result: "), (4, "plays twice: anna")], r


def check_same_refused(c):
    assert put(c, "\n \n").json() == {"error": "the file is empty"}
    assert put(c, "x", 0).status == 404
    assert c.get("/table").json() == []
