def ans(c, n, q, text):
    return c.post(f"/attempts/{n}/answers", {"question": q, "answer": text})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    out = r.json()
    assert out["question"]["id"] == "q1" and out["answered"] == 3 and out["score"] is None, out
    done = ans(c, 1, "q1", "Oslo").json()
    assert done["question"] is None and done["score"] == 10, done


def check_fix_order_of_skipping(c):
    c.fresh()
    c.post("/quizzes/capitals/attempts")
    c.post("/attempts/1/skip/q1")
    ans(c, 1, "q2", "lima")
    c.post("/attempts/1/skip/q3")
    r = c.post("/attempts/1/skip/q4")
    assert r.status == 200 and r.json()["question"]["id"] == "q1", r
    r = c.post("/attempts/1/skip/q1")
    assert r.json()["question"]["id"] == "q3", r
    assert ans(c, 1, "q1", "oslo").status == 409
    assert ans(c, 1, "q3", "x").json()["question"]["id"] == "q4"
    assert ans(c, 1, "q4", "vientiane").json()["question"]["id"] == "q1"
    assert ans(c, 1, "q1", "oslo").json()["score"] == 8


def check_fix_only_question(c):
    c.fresh()
    c.post("/quizzes/short/attempts")
    r = c.post("/attempts/1/skip/q1")
    assert r.status == 200 and r.json()["question"]["id"] == "q1" and r.json()["score"] is None, r
    assert ans(c, 1, "q1", "4").json()["score"] == 1


def check_same_straight(c):
    c.post("/quizzes/capitals/attempts")
    for q in ("q1", "q2", "q3"):
        ans(c, 1, q, "x")
    assert ans(c, 1, "q4", "vientiane").json() == {"attempt": 1, "answered": 4, "total": 4, "question": None, "score": 5}
    assert c.post("/attempts/1/skip/q1").status == 409


def check_same_skip(c):
    c.post("/quizzes/capitals/attempts")
    assert c.post("/attempts/1/skip/q2").status == 409
    assert c.post("/attempts/1/skip/q1").json()["question"]["id"] == "q2"
    assert ans(c, 1, "q1", "oslo").status == 409
