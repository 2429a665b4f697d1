def check_fix_replay(c):
    r = c.replay()
    assert r.status == 200, r
    assert r.text == ("Dear Jon Berg,\n\nyou are expected on 11.06.2024 at 14:15.\n"
                      "Clinician: Dr Okafor (dermatology)\nRoom: to be announced\n"), r


def check_fix_with_notes_then_room(c):
    c.fresh()
    c.post("/appointments", {"patient": "Ida", "clinician": "lind", "at": "2024-01-02T08:00:00"})
    c.post("/appointments/1/notes", {"text": "fasting"})
    r = c.get("/appointments/1/letter")
    assert r.status == 200 and r.text.endswith("Room: to be announced\n\nPlease note:\n- fasting\n"), r
    c.put("/appointments/1/room/x")
    assert "Room: X-ray\n" in c.get("/appointments/1/letter").text


def check_same_with_room(c):
    c.post("/appointments", {"patient": "Ida", "clinician": "lind", "at": "2024-01-02T08:00:00", "room": "g2"})
    assert c.get("/appointments/1/letter").text.endswith("(orthopaedics)\nRoom: Ground floor 2\n")


def check_same_list(c):
    c.post("/appointments", {"patient": "Ida", "clinician": "lind", "at": "2024-01-02T08:00:00"})
    assert c.get("/day/2024-01-02").json()[0]["room"] == "to be announced"
    assert c.get("/appointments/7/letter").status == 404
    assert c.post("/appointments", {"patient": "Ida", "clinician": "lind", "at": "2024-01-02T08:00:00", "room": "no"}).status == 422
