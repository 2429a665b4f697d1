import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.BOXES.clear()


def accept(label="HR-001"):
    return client.post("/boxes", json={"label": label, "years": "1998-2003"})


def test_first_with_room():
    assert [accept(f"HR-00{n}").json()["shelf"] for n in (1, 2, 3)] == ["A1", "A1", "A2"]


def test_bad_label():
    assert accept("box 1").status_code == 400
    assert client.post("/boxes", content=b"x").status_code == 400


def test_in_use():
    accept()
    assert accept().status_code == 409


def test_move():
    accept()
    accept("HR-002")
    assert client.put("/boxes/HR-001/shelf", json={"shelf": "B1"}).json()["shelf"] == "B1"
    assert client.put("/boxes/HR-002/shelf", json={"shelf": "B1"}).status_code == 409
    assert client.put("/boxes/HR-002/shelf", json={"shelf": "Z"}).status_code == 404


def test_shred():
    accept()
    assert client.delete("/boxes/HR-001").status_code == 200
    assert client.get("/boxes/HR-001").status_code == 404


def test_shelves():
    accept()
    assert client.get("/shelves").json()[0] == {"shelf": "A1", "places": 2, "boxes": ["HR-001"]}
