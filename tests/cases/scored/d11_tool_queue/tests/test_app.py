import pytest

import library
from app import app

client = app.test_client()


@pytest.fixture(autouse=True)
def clean():
    library.reset()


def line_up(code, member):
    return client.post(f"/tools/{code}/queue", json={"member": member})


def test_queue():
    assert line_up("saw", 2).get_json() == {"place": 1}
    assert line_up("saw", 1).get_json() == {"place": 2}
    assert [m["name"] for m in client.get("/tools/saw/queue").get_json()] == ["Hamid", "Greta"]


def test_twice():
    line_up("saw", 2)
    assert line_up("saw", 2).status_code == 409


def test_frozen():
    assert line_up("saw", 4).status_code == 409


def test_hand_out():
    line_up("drill", 3)
    assert client.post("/tools/drill/hand-out").get_json() == {"tool": "drill", "member": 3, "phone": "0151-3"}
    assert line_up("drill", 3).get_json() == {"error": "you have it"}
    assert client.post("/tools/drill/return").status_code == 200


def test_kiosk():
    r = client.post("/kiosk/tools/ladder/queue", data={"member": "2"})
    assert r.status_code == 201 and r.get_json()["place"] == 1
    assert client.post("/kiosk/tools/ladder/queue", data={"member": "two"}).status_code == 400
    assert client.post("/kiosk/tools/ladder/queue", data={"member": "99"}).status_code == 404


def test_step_out():
    line_up("saw", 2)
    assert client.delete("/tools/saw/queue/2").status_code == 204
    assert client.delete("/tools/saw/queue/2").status_code == 404
