import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.JOBS.clear()


def job(**kw):
    return client.post("/jobs", json={"customer": "Choir", "paper": "matt", "copies": 10, **kw})


def test_estimate():
    i = job().json()["id"]
    assert client.put(f"/jobs/{i}/artwork", content="one\ftwo\fthree\f").json() == {"pages": 3}
    assert client.get(f"/jobs/{i}/estimate").json() == {"pages": 3, "sheets": 20, "cents": 80}


def test_proof():
    i = job().json()["id"]
    assert client.get(f"/jobs/{i}/proof").status_code == 409
    client.put(f"/jobs/{i}/artwork", content="one\ftwo")
    assert client.get(f"/jobs/{i}/proof").text == "one"


def test_release():
    i = job().json()["id"]
    assert client.post(f"/jobs/{i}/release").json() == {"error": "artwork is not there yet"}
    client.put(f"/jobs/{i}/artwork", content="one")
    assert client.post(f"/jobs/{i}/release").json()["state"] == "printing"
    assert client.delete(f"/jobs/{i}/artwork").status_code == 409


def test_refused():
    assert job(paper="silk").status_code == 400
    assert job(copies=0).status_code == 400
    i = job().json()["id"]
    assert client.put(f"/jobs/{i}/artwork", content=" \f ").status_code == 400


def test_unknown():
    assert client.get("/jobs/999/estimate").status_code == 404
