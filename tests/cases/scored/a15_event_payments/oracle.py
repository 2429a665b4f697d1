import hashlib
import hmac
import json


def notify(c, body):
    raw = json.dumps(body)
    return c.req("POST", "/provider/notifications", body=raw, headers={"x-signature": hmac.new(b"whsec-4711", raw.encode(), hashlib.sha256).hexdigest()})


def order(c):
    return c.post("/orders", {"name": "Noor", "tickets": 1}).json()["order"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"handled": False}, r
    assert c.get("/orders/T0001").json()["state"] == "open"


def check_fix_twice_then_paid(c):
    c.fresh()
    n = order(c)
    for kind in ("payment.created", "payment.created", "", "refund.updated"):
        r = notify(c, {"id": "a", "type": kind, "data": {"order": n}})
        assert r.status == 200 and r.json() == {"handled": False}, r
    r = notify(c, {"id": "b", "type": "payment.succeeded", "data": {"order": n, "amount": 3500}})
    assert r.json() == {"handled": True} and c.get(f"/orders/{n}").json()["state"] == "paid", r


def check_same_known(c):
    n = order(c)
    assert notify(c, {"id": "a", "type": "payment.failed", "data": {"order": n}}).json() == {"handled": True}
    assert notify(c, {"id": "a", "type": "refund.created", "data": {"order": n}}).json() == {"handled": False}
    assert notify(c, {"id": "b", "type": "dispute.opened", "data": {"order": "else"}}).json() == {"handled": False}
    assert c.get("/sales").json() == {"failed": 1}


def check_same_refused(c):
    assert notify(c, {"id": "a", "data": {}}).status == 400
    assert notify(c, ["a"]).status == 400
    assert c.post("/provider/notifications", {"id": "a", "type": "x", "data": {}}).status == 401
