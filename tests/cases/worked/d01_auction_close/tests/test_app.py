import pytest
from fastapi.testclient import TestClient

import store
from app import app

client = TestClient(app)


@pytest.fixture(autouse=True)
def clean():
    store.reset()


def bid(lot, bidder, amount):
    return client.post(f"/lots/{lot}/bids", json={"bidder": bidder, "amount": amount})


def test_sold():
    assert bid(2, "ines", 90).json() == {"bidder": "ines", "amount": 90, "next": 95}
    body = client.post("/lots/2/hammer").json()
    assert body["state"] == "sold" and body["buyer"] == "ines" and body["price"] == 90


def test_below_reserve():
    bid(1, "ines", 150)
    body = client.post("/lots/1/hammer").json()
    assert body["state"] == "passed" and body["buyer"] is None


def test_steps():
    bid(2, "ines", 90)
    assert bid(2, "otto", 92).status_code == 422


def test_withdraw():
    assert client.post("/lots/4/withdraw").json()["state"] == "withdrawn"
    assert bid(4, "otto", 300).status_code == 409


def test_unknown():
    assert client.get("/lots/99").status_code == 404


def test_catalogue():
    assert [x["lot"] for x in client.get("/lots?state=open").json()] == [1, 2, 3, 4]
