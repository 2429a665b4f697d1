import pytest

import app as service

client = service.app.test_client()
A, B = "00:1a:2b:00:00:01", "00-1A-2B-00-00-02"


@pytest.fixture(autouse=True)
def clean():
    service.store._vouchers.clear()


def issue(**kw):
    return client.post("/vouchers", json={"room": "204", **kw}).get_json()["code"]


def connect(code, mac=A, at=1000):
    return client.post(f"/vouchers/{code}/devices", json={"mac": mac, "at": at})


def test_new_voucher():
    code = issue(minutes=60)
    assert client.get(f"/vouchers/{code}").get_json() == {
        "code": code, "room": "204", "minutes": 60, "started": None, "until": None, "devices": [], "free": 3,
    }


def test_connect():
    code = issue(minutes=60)
    assert connect(code).get_json() == {"code": code, "until": 1060}
    assert connect(code, B, 1060).status_code == 410


def test_too_many():
    code = issue(max_devices=1)
    connect(code)
    assert connect(code, B).status_code == 409
    assert connect(code).status_code == 201


def test_room():
    code = issue(minutes=10)
    connect(code, B)
    connect(code, A)
    assert client.get("/rooms/204").get_json() == [{"code": code, "until": 1010, "devices": [A, "00:1a:2b:00:00:02"]}]


def test_wrong():
    assert client.post("/vouchers", json={"room": ""}).status_code == 400
    assert connect(issue(), "my phone").status_code == 400
    assert connect("W99999").status_code == 404


def test_revoke():
    code = issue()
    assert client.delete(f"/vouchers/{code}").status_code == 204
    assert client.get(f"/vouchers/{code}").status_code == 404


def test_stats():
    connect(issue())
    issue()
    assert client.get("/stats").get_json() == {"vouchers": 2, "started": 1, "devices": 1}
