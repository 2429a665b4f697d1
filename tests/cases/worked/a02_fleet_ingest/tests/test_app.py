import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)
GOOD = "KA-101;2024-05-01T10:00:00Z;49.01;8.40;5120"


@pytest.fixture(autouse=True)
def clean():
    for track in service.TRACKS.values():
        track.clear()


def send(*lines):
    return client.post("/ingest", content="\n".join(lines))


def test_batch():
    r = send(GOOD, "", "KA-101;2024-05-01T11:00:00Z;49.02;8.41;5160")
    assert r.status_code == 202 and r.json() == {"accepted": 2, "rejected": []}
    assert client.get("/vans/KA-101/distance").json()["kilometres"] == 40


def test_bad_lines_are_reported():
    r = send("hello", GOOD, GOOD.replace("101", "999"), GOOD.replace("49.01", "north"), GOOD.replace("10:00", "25:00"))
    assert r.json()["accepted"] == 1
    assert [x["line"] for x in r.json()["rejected"]] == [1, 3, 4, 5]


def test_negative():
    assert send(GOOD.replace("5120", "-5")).json()["rejected"][0]["reason"] == "odometer is negative"


def test_unknown_van():
    assert client.get("/vans/ZZ/track").status_code == 404


def test_not_text():
    assert client.post("/ingest", content=b"\xff\xfe").status_code == 400
