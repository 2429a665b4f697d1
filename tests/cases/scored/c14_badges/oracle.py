def issue(c, issued, months, kind="contractor"):
    return c.post("/badges", {"holder": "Ida", "kind": kind, "issued": issued, "months": months})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 201 and r.json()["expires"] == "2025-02-28" and r.json()["issued"] == "2024-08-31", r


def check_fix_ends_of_months(c):
    c.fresh()
    for issued, months, wanted in (("2024-01-31", 1, "2024-02-29"), ("2023-10-31", 1, "2023-11-30"), ("2024-02-29", 12, "2025-02-28"), ("2023-12-30", 2, "2024-02-29"), ("2024-12-31", 6, "2025-06-30")):
        r = issue(c, issued, months)
        assert r.status == 201 and r.json()["expires"] == wanted, (issued, r)


def check_fix_renew(c):
    c.fresh()
    n = issue(c, "2024-03-31", 12).json()["number"]
    r = c.post(f"/badges/{n}/renew", {"months": 3})
    assert r.status == 200 and r.json()["expires"] == "2025-06-30" and r.json()["renewals"] == 1, r


def check_same_ordinary(c):
    assert issue(c, "2024-01-31", 2).json()["expires"] == "2024-03-31"
    assert issue(c, "2024-02-28", 1).json()["expires"] == "2024-03-28"
    assert issue(c, "2024-02-29", 48, "staff").json()["expires"] == "2028-02-29"
    assert issue(c, "2024-12-31", 1).json()["expires"] == "2025-01-31"


def check_same_limits(c):
    assert issue(c, "2024-01-15", 13).status == 400
    assert issue(c, "2024-01-15", 2, "visitor").status == 400
    n = issue(c, "2024-01-15", 1, "visitor").json()["number"]
    assert c.post(f"/badges/{n}/renew", {"months": 1}).status == 409


def check_same_expiring(c):
    issue(c, "2024-01-29", 1)
    assert len(c.get("/badges?month=2024-02").json()) == 1
    assert c.get("/badges?month=02-2024").status == 400
