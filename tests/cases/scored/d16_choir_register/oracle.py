DAY = "/rehearsals/2024-10-03"


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 400 and r.json().get("error"), r


def check_fix_nothing_recorded(c):
    c.setup()
    for marks in ([["Ada", "yes"], ["Benno"]], [["Ada", "yes"], ["Benno", "no", "ill"]], [["Ada", "yes"], []]):
        r = c.post(DAY + "/attendance", marks)
        assert r.status == 400 and r.json().get("error"), r
    assert c.get(DAY).json()["present"] == ["Edda"] and c.get(DAY).json()["unmarked"] == ["Ada", "Benno", "Carla", "Dirk"]


def check_fix_other_shapes(c):
    c.setup()
    for marks in ([5], [None], [["Ada", "yes"], 7]):
        r = c.post(DAY + "/attendance", marks)
        assert r.status == 400, (marks, r)
    assert c.post(DAY + "/attendance", [["Ada", "no"]]).json()["absent"] == ["Ada"]


def check_same_attendance(c):
    c.put(DAY)
    c.post(DAY + "/attendance", [["Ada", "no"], ["Benno", "yes"]])
    assert c.post(DAY + "/attendance", [["Ada", "yes"]]).json() == {"present": ["Ada", "Benno"], "absent": [], "unmarked": ["Carla", "Dirk", "Edda"]}
    assert c.post(DAY + "/attendance", []).status == 200


def check_same_wrong_marks(c):
    c.put(DAY)
    assert c.post(DAY + "/attendance", [["Ada", "maybe"]]).json() == {"error": "marks are yes and no"}
    assert c.post(DAY + "/attendance", [["Zeno", "yes"]]).json() == {"error": "Zeno is not in the choir"}


def check_same_programme(c):
    c.put(DAY)
    assert c.put(DAY + "/programme", [["Abendlied", "Rheinberger", "1873"]]).json() == {"error": "row 1 must have 2 texts"}
    assert c.put(DAY + "/programme", [["Abendlied", "Rheinberger"]]).status == 200


def check_same_unknown_day(c):
    assert c.post(DAY + "/attendance", [["Ada"]]).status == 404
    assert c.get("/rehearsals").json() == []
