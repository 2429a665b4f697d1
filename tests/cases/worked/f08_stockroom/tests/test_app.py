import pytest

import app as service

client = service.app.test_client()
SALT = "7647-14-5"


@pytest.fixture(autouse=True)
def empty():
    for cas in service.shelf.grams:
        service.shelf.grams[cas] = 0


def deliver(*items):
    return client.post("/deliveries", json={"items": list(items)})


def test_delivery():
    r = deliver({"cas": SALT, "amount": 2, "unit": "kg"}, {"cas": SALT, "amount": 250})
    assert r.status_code == 201 and r.get_json() == {"booked": 2, "grams": 2250}


def test_refused_as_a_whole():
    assert deliver({"cas": SALT, "amount": 5}, {"cas": "1-1", "amount": 5}).status_code == 400
    assert client.get(f"/substances/{SALT}").get_json()["grams"] == 0


def test_bad_amount():
    for amount in (0, -1, "5", True, None):
        assert deliver({"cas": SALT, "amount": amount}).status_code == 400


def test_no_items():
    assert deliver().status_code == 400
    assert client.post("/deliveries", json=[1]).status_code == 400


def test_withdraw():
    deliver({"cas": SALT, "amount": 100})
    url = f"/substances/{SALT}/withdrawals"
    assert client.post(url, json={"amount": 40}).get_json()["grams"] == 60
    assert client.post(url, json={"amount": 1, "unit": "kg"}).status_code == 409


def test_register():
    assert client.put("/substances/64-17-5", json={"name": "ethanol"}).status_code == 200
    assert client.put("/substances/ethanol", json={"name": "ethanol"}).status_code == 400
