def join(c, name, email):
    return c.post("/members", {"name": name, "email": email}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 409 and r.json()["error"] == "conflict" and r.json()["message"], r


def check_fix_nothing_changed(c):
    c.fresh()
    a, b = join(c, "Ada", "ada@mail.example"), join(c, "Bo", "bo@mail.example")
    r = c.patch(f"/members/{b}", {"name": "Bob", "email": " ADA@mail.example "})
    assert r.status == 409 and r.json()["error"] == "conflict", r
    assert c.get(f"/members/{b}").json()["name"] == "Bo" and c.get(f"/members/{b}").json()["email"] == "bo@mail.example"
    assert c.get(f"/members/{b}/log").json() == ["joined"]
    assert c.patch(f"/members/{b}", {"email": "bob@mail.example"}).json()["email"] == "bob@mail.example"


def check_fix_former_member(c):
    c.fresh()
    a, b = join(c, "Ada", "ada@mail.example"), join(c, "Bo", "bo@mail.example")
    c.post(f"/members/{a}/leave")
    assert c.patch(f"/members/{b}", {"email": "ada@mail.example"}).status == 409


def check_same_own_address(c):
    a = join(c, "Ada", "ada@mail.example")
    r = c.patch(f"/members/{a}", {"email": "ADA@mail.example", "name": "Ada L."})
    assert r.status == 200 and r.json()["name"] == "Ada L." and r.json()["email"] == "ada@mail.example"


def check_same_join_twice(c):
    join(c, "Ada", "ada@mail.example")
    assert c.post("/members", {"name": "X", "email": "ada@mail.example"}).json()["error"] == "conflict"


def check_same_unknown(c):
    assert c.patch("/members/5", {"plan": "fixed"}).json() == {"error": "not_found", "message": "no such member"}
    a = join(c, "Ada", "ada@mail.example")
    assert c.patch(f"/members/{a}", {"email": "nope"}).status == 422


def check_same_move_booking(c):
    a = join(c, "Ada", "ada@mail.example")
    n = [c.post("/bookings", {"desk": "L2", "member_id": a, "day": d}).json()["id"] for d in ("2024-10-01", "2024-10-02")]
    assert c.patch(f"/bookings/{n[1]}", {"day": "2024-10-01"}).status == 409
