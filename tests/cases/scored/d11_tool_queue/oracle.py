def kiosk(c, code, member):
    return c.req("POST", f"/kiosk/tools/{code}/queue", form={"member": member})


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200 and r.json() == [{"member": 1, "name": "Greta"}, {"member": 3, "name": "Ilse"}], r


def check_fix_same_person_both_ways(c):
    c.fresh()
    assert kiosk(c, "saw", "2").status == 201
    assert c.post("/tools/saw/queue", {"member": 2}).status == 409
    assert kiosk(c, "saw", "0002").status == 409
    assert c.delete("/tools/saw/queue/2").status == 204
    assert c.get("/tools/saw/queue").json() == []


def check_fix_hand_out(c):
    c.fresh()
    assert kiosk(c, "drill", " 003 ").json()["place"] == 1
    assert c.post("/tools/drill/hand-out").json() == {"tool": "drill", "member": 3, "phone": "0151-3"}
    r = kiosk(c, "drill", "3")
    assert r.status == 409 and r.json() == {"error": "you have it"}, r


def check_same_site(c):
    c.post("/tools/saw/queue", {"member": 2})
    assert c.post("/tools/saw/queue", {"member": 2}).json() == {"error": "already waiting"}
    assert c.post("/tools/saw/queue", {"member": "2"}).status == 400
    assert c.get("/tools/saw/queue").json() == [{"member": 2, "name": "Hamid"}]


def check_same_kiosk_answers(c):
    r = kiosk(c, "ladder", "1")
    assert r.status == 201 and r.json() == {"place": 1, "text": "You are number 1 for: Ladder, 5 m"}
    assert kiosk(c, "ladder", "-1").status == 400 and kiosk(c, "ladder", "8").status == 404


def check_same_frozen(c):
    assert kiosk(c, "saw", "4").json() == {"error": "account is frozen"}
    assert c.post("/tools/saw/queue", {"member": 4}).status == 409


def check_same_unknown_tool(c):
    assert c.get("/tools/axe/queue").status == 404 and kiosk(c, "axe", "1").status == 404
