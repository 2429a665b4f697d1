import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.HOSTS.clear()


def put(host="web-01", **kw):
    return client.put(f"/hosts/{host}", json={"role": "web", "cores": 8, **kw})


def test_report():
    assert put().status_code == 201
    assert put(cores=16).status_code == 200
    assert client.get("/hosts/web-01").json()["cores"] == 16


def test_not_json():
    r = client.put("/hosts/web-01", content=b"role=web")
    assert r.status_code == 400 and r.json() == {"status": 400, "title": "body is not JSON"}
    assert client.put("/hosts/web-01", content=b"[]").status_code == 400


def test_bad_role():
    assert put(role="toaster").status_code == 400


def test_notes():
    put()
    assert client.post("/hosts/web-01/notes", json={"text": " müde Lüfter "}).json() == ["müde Lüfter"]
    assert put().json()["notes"] == ["müde Lüfter"]


def test_inventory():
    put()
    put("db-01", role="db")
    assert client.get("/inventory.ini").text == "[web]\nweb-01\n\n[db]\ndb-01\n"


def test_retire():
    put()
    assert client.delete("/hosts/web-01").status_code == 204
    assert client.get("/hosts/web-01").status_code == 404
