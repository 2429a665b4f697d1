def check_fix_replay(c):
    r = c.replay()
    assert r.status == 202, r
    body = r.json()
    assert body["accepted"] == 2 and [x["line"] for x in body["rejected"]] == [2], body
    assert isinstance(body["rejected"][0]["reason"], str) and body["rejected"][0]["reason"], body
    assert c.get("/vans/KA-230/distance").json() == {"van": "KA-230", "kilometres": 13}
    assert len(c.get("/vans/KA-102/track").json()) == 0


def check_fix_kinds(c):
    c.fresh()
    row = "KA-101;2024-05-01T10:00:00Z;49.01;8.40;"
    r = c.req("POST", "/ingest", body="\n".join([row + "ERR", row, row + "7", row + "1e", "??", row + "9"]))
    assert r.status == 202 and r.json()["accepted"] == 2, r
    assert [x["line"] for x in r.json()["rejected"]] == [1, 2, 4, 5], r
    assert [p["odometer"] for p in c.get("/vans/KA-101/track").json()] == [7, 9]


def check_same_batch(c):
    r = c.req("POST", "/ingest", body="KA-102;2024-05-01T10:00:00Z;49.01;8.40; 12 \nx\n")
    assert r.json() == {"accepted": 1, "rejected": [{"line": 2, "reason": "expected 5 fields"}]}


def check_same_reasons(c):
    r = c.req("POST", "/ingest", body="KA-102;2024-05-01T10:00:00Z;99;8.40;12\nKA-102;2024-05-01T10:00:00Z;9;8.40;-1\nKA-1;2024-05-01T10:00:00Z;9;8;1")
    assert [x["reason"] for x in r.json()["rejected"]] == ["coordinate out of range", "odometer is negative", "unknown van"]
    assert c.get("/vans/KA-1/track").status == 404
