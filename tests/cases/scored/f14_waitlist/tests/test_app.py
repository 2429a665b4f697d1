import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    for name in service.LISTS:
        service.LISTS[name] = service.WaitingList()


def join(guest="Kim", at=0):
    return client.post("/lists/hall", json={"guest": guest, "at": at}).json()["id"]


def seat(i, at):
    return client.post(f"/lists/hall/{i}/seat", json={"at": at})


def test_overview():
    join("Kim")
    assert client.get("/lists/hall").json() == {"waiting": ["Kim"], "seated": 0, "average": None}


def test_expected():
    assert seat(join("Kim"), 10).json() == {"guest": "Kim", "waited": 10}
    seat(join("Lou", 5), 25)
    join("Max", 30)
    i = join("Noa", 31)
    assert client.get(f"/lists/hall/{i}").json() == {"guest": "Noa", "ahead": 1, "expected": 30}


def test_seated_before_arrival():
    assert seat(join(at=20), 10).status_code == 409


def test_bad_minute():
    assert client.post("/lists/hall", json={"guest": "Kim", "at": "now"}).status_code == 400


def test_leave():
    i = join()
    assert client.delete(f"/lists/hall/{i}").status_code == 204
    assert client.get(f"/lists/hall/{i}").status_code == 404


def test_unknown_list():
    assert client.get("/lists/roof").status_code == 404
