def inv(number, day, currency):
    return {"number": number, "day": day, "currency": currency, "amount": "10.00"}


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    out = r.json()
    assert [d["number"] for d in out["converted"]] == ["2024-002", "2024-003"], out
    assert [o["number"] for o in out["open"]] == ["2023-977"] and isinstance(out["open"][0]["reason"], str) and out["open"][0]["reason"], out


def check_fix_single(c):
    c.fresh()
    for path in ("/rates/USD/on/2024-01-01", "/rates/ISK/on/2024-01-05", "/convert?currency=SEK&day=2023-12-31&amount=5"):
        r = c.get(path)
        assert r.status == 404 and isinstance(r.json()["detail"], str), (path, r)


def check_fix_never_rated(c):
    c.fresh()
    r = c.post("/invoices/convert", {"invoices": [inv("x", "2024-01-05", "ISK"), inv("y", "2024-01-05", "SEK")]})
    assert r.status == 200 and [o["number"] for o in r.json()["open"]] == ["x"] and r.json()["converted"][0]["rate_of"] == "2024-01-05", r


def check_same_days(c):
    assert c.get("/rates/USD/on/2024-01-02").json()["rate"] == "1.0956"
    assert c.get("/rates/USD/on/2024-01-04").json()["day"] == "2024-01-03"
    assert c.get("/rates/sek/on/2030-01-01").json()["day"] == "2024-01-05"


def check_same_unknown(c):
    assert c.get("/rates/XAU/on/2024-01-02").json() == {"detail": "unknown currency XAU"}
    assert c.get("/rates/ISK/latest").status == 404
    assert c.get("/rates/ISK").json() == []


def check_same_new_rate(c):
    assert c.post("/rates/ISK", {"day": "2024-01-03", "rate": "151.5"}).status == 201
    assert c.get("/convert?currency=ISK&day=2024-01-03&amount=1515").json() == {"eur": "10.00", "rate_of": "2024-01-03"}
