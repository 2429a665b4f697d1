def check_fix_honest_failure(c):
    # only consulted when the code was changed after all
    r = c.replay()
    assert r.status in (502, 503, 504, 507), r
    assert c.get("/plans/north").status == 404


def check_same_plan(c):
    assert c.put("/plans/east/fri?dish=gnocchi").json() == {"day": "fri", "name": "Gnocchi with sage", "kcal": 640, "vegan": False}
    assert c.get("/plans/east").json() == {"fri": "Gnocchi with sage"}


def check_same_drop(c):
    c.put("/plans/east/fri?dish=gnocchi")
    assert c.delete("/plans/east/fri").status == 204
    assert c.delete("/plans/east/fri").status == 404


def check_same_journal(c):
    import os
    import tempfile
    path = os.path.join(tempfile.mkdtemp(), "journal")
    c.fresh(env={"MEALS_JOURNAL": path})
    assert c.put("/plans/east/mon?dish=curry").status == 200
    with open(path) as fh:
        assert fh.read() == '{"canteen": "east", "day": "mon", "dish": "curry"}\n'
