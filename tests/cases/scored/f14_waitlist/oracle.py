def join(c, guest, at=0, name="terrace"):
    return c.post(f"/lists/{name}", {"guest": guest, "at": at}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == {"guest": "Lou", "ahead": 1, "expected": None}, r


def check_fix_then_known(c):
    c.fresh()
    a, b = join(c, "A"), join(c, "B", 2)
    assert c.get(f"/lists/terrace/{a}").json() == {"guest": "A", "ahead": 0, "expected": None}
    c.delete(f"/lists/terrace/{a}")
    assert c.get(f"/lists/terrace/{b}").json() == {"guest": "B", "ahead": 0, "expected": None}
    x = join(c, "X", 3)
    c.post(f"/lists/terrace/{b}/seat", {"at": 10})
    assert c.get(f"/lists/terrace/{x}").json() == {"guest": "X", "ahead": 0, "expected": 8}


def check_fix_no_wait_so_far(c):
    c.fresh()
    a, b = join(c, "A", 5), join(c, "B", 5)
    assert c.get(f"/lists/terrace/{b}").json()["expected"] is None
    c.post(f"/lists/terrace/{a}/seat", {"at": 5})
    assert c.get(f"/lists/terrace/{b}").json() == {"guest": "B", "ahead": 0, "expected": 0}


def check_same_expected(c):
    a, b, d = join(c, "A"), join(c, "B"), join(c, "D")
    c.post(f"/lists/terrace/{a}/seat", {"at": 7})
    assert c.get(f"/lists/terrace/{d}").json() == {"guest": "D", "ahead": 1, "expected": 14}
    assert c.get("/lists/terrace").json() == {"waiting": ["B", "D"], "seated": 1, "average": 7}


def check_same_404(c):
    i = join(c, "A")
    assert c.get(f"/lists/hall/{i}").status == 404
    assert c.get(f"/lists/roof/{i}").status == 404
    assert c.get("/lists/hall").json() == {"waiting": [], "seated": 0, "average": None}
