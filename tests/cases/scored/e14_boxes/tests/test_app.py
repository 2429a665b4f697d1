import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.BOXES.clear()


def send(text):
    return client.post("/boxes/import", data=text)


def test_add():
    r = client.post("/boxes", json={"label": "K1", "room": "kitchen"})
    assert r.status_code == 201 and r.get_json() == {"label": "K1", "room": "kitchen", "kg": None}


def test_add_wrong():
    assert client.post("/boxes", json={"label": "K1", "room": "attic"}).status_code == 400
    assert client.post("/boxes", json={"label": "K1", "room": "kitchen", "kg": 31}).status_code == 400


def test_taken():
    client.post("/boxes", json={"label": "K1", "room": "kitchen"})
    assert client.post("/boxes", json={"label": "K1", "room": "bath"}).status_code == 409


def test_import():
    assert send('label,room,kg\nK1,kitchen,12\n\nB1, bath,"7,5"\n').get_json() == {"imported": 2}
    assert client.get("/boxes?room=bath").get_json() == [{"label": "B1", "room": "bath", "kg": 7.5}]


def test_import_names_the_line():
    r = send("label,room,kg\nK1,kitchen,12\nX1,attic,3\n")
    assert r.status_code == 400 and r.get_json()["error"].startswith("line 3:")
    assert client.get("/boxes").get_json() == []


def test_import_header():
    assert send("K1,kitchen,12\n").status_code == 400


def test_load():
    client.post("/boxes", json={"label": "K1", "room": "kitchen", "kg": 9.5})
    client.post("/boxes", json={"label": "K2", "room": "kitchen"})
    assert client.get("/load").get_json() == {"kg": 9.5, "boxes": 2, "unweighed": 1}
