def visit(c, **kw):
    p = c.post("/pets", {"name": "Mia", "species": "cat", "owner": "L. Horn", "weight_kg": 4}).json()["id"]
    return c.post("/visits", {"pet_id": p, "vet_id": 1, "day": "2024-05-05", "reason": "checkup", **kw}).json()["id"]


def check_fix_replay(c):
    r = c.replay()
    assert r.status == 404 and r.json()["error"]["kind"] == "not_found" and "visit" in r.json()["error"]["message"], r


def check_fix_never_existed(c):
    c.fresh()
    for n in (1, 4711):
        r = c.post(f"/visits/{n}/prescriptions", {"drug": "meloxicam", "days": 3})
        assert r.status == 404 and r.json()["error"]["kind"] == "not_found", r
    n = visit(c)
    assert c.get(f"/visits/{n}/prescriptions").json() == []


def check_same_prescribe(c):
    n = visit(c)
    r = c.post(f"/visits/{n}/prescriptions", {"drug": "Amoxicillin", "days": 5})
    assert r.status == 201 and r.json() == {"id": 1, "visit_id": n, "drug": "amoxicillin", "dose_mg": 50.0, "days": 5}


def check_same_weighed(c):
    n = visit(c, weight_kg=5)
    assert c.post(f"/visits/{n}/prescriptions", {"drug": "meloxicam"}).json()["dose_mg"] == 1.0


def check_same_invalid(c):
    n = visit(c)
    assert c.post(f"/visits/{n}/prescriptions", {"drug": "meloxicam", "days": 0}).status == 422
    assert c.post(f"/visits/{n}/prescriptions", {"drug": "sugar"}).json()["error"]["kind"] == "invalid"


def check_same_new_patient(c):
    p = c.post("/pets", {"name": "Ole", "species": "horse", "owner": "L. Horn", "weight_kg": 510}).json()["id"]
    assert c.get(f"/pets/{p}").json()["last_visit"] is None
    assert c.get("/visits/8").json()["error"]["message"] == "no such visit"
