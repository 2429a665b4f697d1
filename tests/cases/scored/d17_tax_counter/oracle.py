import json
import os

TIN = "10293847561"


def check_fix_honest_failure(c):
    # only consulted when the code was changed after all
    r = c.replay()
    assert r.status in (503, 507), r
    assert c.get("/healthz").json()["received"] == 0


def check_same_receipt(c):
    path = os.path.join(c.tree, "j.log")
    os.environ["COUNTER_JOURNAL"] = path
    try:
        r = c.post("/receipts", {"form": "G1", "tin": TIN})
        assert r.status == 201 and r.json() == {"number": 1, "form": "G1", "tin": TIN, "withdrawn": False}, r
        assert json.loads(open(path).read()) == {"kind": "received", "number": 1, "tin": TIN}
        assert c.post("/receipts/1/withdraw").json()["withdrawn"] is True
        assert len(open(path).read().splitlines()) == 2
    finally:
        os.environ.pop("COUNTER_JOURNAL", None)


def check_same_refused(c):
    assert c.post("/receipts", {"form": "Z9", "tin": TIN}).status == 422
    assert c.post("/receipts", {"form": "E1", "tin": "1"}).status == 422


def check_same_unknown(c):
    assert c.get("/receipts/5").json() == {"error": "no such receipt"}
