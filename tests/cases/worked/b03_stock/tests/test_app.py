import pytest

import app as service
import moves

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.stock.reset()
    moves.JOURNAL.clear()


def receive(sku="bolt-m8", code="A-01", qty=100):
    return client.post("/moves/receipts", json={"sku": sku, "bin": code, "qty": qty})


def test_receive_and_pick():
    assert receive().status_code == 201
    assert client.post("/moves/picks", json={"sku": "bolt-m8", "bin": "A-01", "qty": 100}).status_code == 201
    assert client.get("/articles/bolt-m8/bins/A-01").get_json()["qty"] == 0


def test_pick_too_many():
    receive(qty=3)
    answer = client.post("/moves/picks", json={"sku": "bolt-m8", "bin": "A-01", "qty": 4})
    assert answer.status_code == 409 and "only 3" in answer.get_json()["error"]


def test_transfer():
    receive()
    assert client.post("/moves/transfers", json={"sku": "bolt-m8", "from": "A-01", "to": "B-02", "qty": 30}).status_code == 201
    assert client.get("/articles/bolt-m8").get_json()["bins"] == {"A-01": 70, "B-02": 30}


def test_transfer_too_many():
    receive(qty=3)
    assert client.post("/moves/transfers", json={"sku": "bolt-m8", "from": "A-01", "to": "B-02", "qty": 4}).status_code == 409


def test_unknown():
    assert client.get("/articles/screw").status_code == 404
    assert receive(code="Z-99").status_code == 404


def test_pick_from_empty_bin():
    assert client.post("/moves/picks", json={"sku": "nut-m8", "bin": "A-01", "qty": 1}).status_code == 409
