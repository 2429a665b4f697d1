def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"currency": "CHF", "amount": "250", "result": "234.78"}, r
    assert c.get("/rates/CHF/margin").json()["percent"] == "1.25"


def check_fix_sell_and_list(c):
    c.fresh()
    c.put("/rates/GBP/margin", {"percent": 0.7})
    r = c.get("/rates/GBP/quote?sell=1000")
    assert r.status == 200 and r.json()["result"] == "1160.10", r
    r = c.get("/rates")
    assert r.status == 200 and r.json()["GBP"] == {"mid": "0.8560", "customer": "0.8500"}, r
    assert r.json()["USD"]["customer"] == "1.0687"


def check_fix_exact(c):
    # 1 less 0.555 % is 0.99445 exactly, and the half goes up
    c.fresh()
    c.put("/rates/XTS", {"mid": 1})
    c.put("/rates/XTS/margin", {"percent": 0.555})
    r = c.get("/rates")
    assert r.status == 200 and r.json()["XTS"] == {"mid": "1", "customer": "0.9945"}, r
    c.put("/rates/XTS/margin", {"percent": 2.0})
    assert c.get("/rates/XTS/quote?buy=50").json()["result"] == "49.00"


def check_same_whole(c):
    assert c.put("/rates/CHF/margin", {"percent": 3}).json() == {"currency": "CHF", "percent": "3"}
    assert c.get("/rates/CHF/quote?buy=100").json()["result"] == "92.25"
    assert c.get("/rates/CHF/margin").json() == {"currency": "CHF", "percent": "3"}


def check_same_refused(c):
    assert c.put("/rates/CHF/margin", {"percent": 10.01}).status == 400
    assert c.put("/rates/CHF/margin", {"percent": "1.25"}).status == 400
    assert c.req("PUT", "/rates/CHF/margin", body='{"percent": NaN}').status == 400
    assert c.put("/rates/XXX/margin", {"percent": 1.25}).status == 404
    assert c.get("/rates/CHF/margin").json()["percent"] == "2"


def check_same_rate(c):
    assert c.put("/rates/usd", {"mid": 1.1}).json() == {"currency": "USD", "mid": "1.1"}
    assert c.get("/rates/USD/quote?buy=100").json()["result"] == "108.35"
