import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.app.rentals.clear()


def test_quote():
    assert client.get("/quote?crates=9").json() == {"crates": 9, "weeks": 1, "cents": 1080}
    assert client.get("/quote?crates=10&weeks=2&delivery=town").json()["cents"] == 4500


def test_quote_nonsense():
    assert client.get("/quote?crates=few").status_code == 400
    assert client.get("/quote?crates=0").status_code == 400
    assert client.get("/quote?crates=5&delivery=moon").status_code == 400


def test_rent():
    assert client.post("/rentals", json={"crates": 50, "weeks": 2, "delivery": "region"}).json()["cents"] == 14500


def test_rent_too_many():
    r = client.post("/rentals", json={"crates": 200})
    assert r.status_code == 422 and r.json()["error"]["code"] == "too-many"


def test_extend():
    number = client.post("/rentals", json={"crates": 10}).json()["id"]
    assert client.post(f"/rentals/{number}/weeks", json={"weeks": 2}).json()["cents"] == 3000
    assert client.post("/rentals/999/weeks", json={}).status_code == 404


def test_rates():
    assert client.get("/rates").json()["steps"][0] == {"upto": 9, "cents": 120}
