import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.APPOINTMENTS.clear()


def book(**kw):
    return client.post("/appointments", json={"patient": "Ana Ruiz", "clinician": "lind", "at": "2024-03-05T09:30:00", **kw})


def test_letter():
    i = book(room="g1").json()["id"]
    client.post(f"/appointments/{i}/notes", json={"text": " bring the referral "})
    text = client.get(f"/appointments/{i}/letter").text
    assert "on 05.03.2024 at 09:30." in text and "Room: Ground floor 1\n" in text
    assert text.endswith("Please note:\n- bring the referral\n")


def test_day_is_sorted():
    book(at="2024-03-05T11:00:00")
    book(room="x")
    assert [(r["time"], r["room"]) for r in client.get("/day/2024-03-05").json()] == [("09:30", "X-ray"), ("11:00", "to be announced")]


def test_assign():
    i = book().json()["id"]
    assert client.put(f"/appointments/{i}/room/g2").json()["room"] == "Ground floor 2"
    assert client.put(f"/appointments/{i}/room/zz").status_code == 422


def test_unknown():
    assert client.get("/appointments/9999/letter").status_code == 404
    assert book(clinician="who").status_code == 422
