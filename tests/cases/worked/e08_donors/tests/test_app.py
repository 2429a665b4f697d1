import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.DONORS.clear()


def register(**kw):
    return client.post("/donors", json={"name": "Rut", "group": "A", **kw}).json()["id"]


def test_new_donor():
    number = register()
    assert client.get(f"/donors/{number}/eligibility?on=2024-05-01T09:00:00").json() == {"eligible": True, "from": "2024-05-01"}


def test_pause():
    number = register()
    assert client.post(f"/donors/{number}/donations", json={"at": "2024-05-01T09:00:00"}).status_code == 201
    assert client.post(f"/donors/{number}/donations", json={"at": "2024-06-25T09:00:00Z"}).status_code == 409
    assert client.get(f"/donors/{number}/eligibility?on=2024-05-20T09:00:00Z").json() == {"eligible": False, "from": "2024-06-26"}


def test_earlier_donation():
    number = register(last_donation="2024-05-01T10:00:00+02:00")
    assert client.get(f"/donors/{number}/eligibility?on=2024-05-20T09:00:00").json()["eligible"] is False


def test_four_a_year():
    number = register()
    for day in ("2024-01-01", "2024-03-01", "2024-05-01", "2024-07-01"):
        assert client.post(f"/donors/{number}/donations", json={"at": f"{day}T08:00:00"}).status_code == 201
    assert client.get(f"/donors/{number}/eligibility?on=2024-10-01T08:00:00").json() == {"eligible": False, "from": "2024-12-31"}


def test_group():
    register(group="AB")
    assert client.get("/donors?group=B").json() == []


def test_unknown():
    assert client.get("/donors/999/eligibility?on=2024-05-01T09:00:00").status_code == 404
