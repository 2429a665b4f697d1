import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.QUOTES.clear()


def quote(customer="k200", *lines):
    return client.post("/quotes", json={"customer": customer, "lines": list(lines) or [{"part": "BRG-6204", "qty": 4}]})


def test_quote():
    body = quote().json()
    assert (body["gross"], body["discount"], body["total"]) == (2960, 740, 2220)
    assert client.get("/quotes/1").json() == body


def test_quote_unknown_part():
    assert quote("k100", {"part": "XX"}).status_code == 404


def test_quote_bad_qty():
    assert quote("k100", {"part": "BLT-A46", "qty": 0}).status_code == 400


def test_price():
    assert client.get("/parts/BLT-A46/price").json() == {"cents": 1290, "available": True}
    assert client.get("/parts/BLT-A46/price?customer=k100").json()["cents"] == 1161
    assert client.get("/parts/BLT-A46/price?customer=k300").json()["cents"] == 1290


def test_search():
    assert [p["part"] for p in client.get("/parts?q=filter").json()] == ["FLT-OX9"]


def test_unknown_customer():
    assert quote("k999").status_code == 404
