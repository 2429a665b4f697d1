import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.CARDS.clear()
    service.MemorySpool.jobs.clear()


def test_order():
    r = client.post("/staff/1001/cards")
    assert r.status_code == 201
    assert r.get_json() == {"number": "1001A", "staff": "1001", "line": "Ida Holm / Lab", "state": "ordered", "copies": 0}


def test_order_twice():
    client.post("/staff/1001/cards")
    assert client.post("/staff/1001/cards").status_code == 409


def test_print():
    client.post("/staff/1001/cards")
    assert client.post("/cards/1001A/print").get_json()["state"] == "printed"
    assert client.post("/cards/1001A/print").get_json()["copies"] == 2
    assert service.MemorySpool.jobs[0] == b"\x0c1001A\nIda Holm / Lab\n"


def test_file_spool(tmp_path):
    spool = service.FileSpool(str(tmp_path / "spool"))
    spool.send("1002A", "Omar Aziz / Stores")
    assert (tmp_path / "spool").read_bytes() == b"\x0c1002A\nOmar Aziz / Stores\n"


def test_withdrawn():
    client.post("/staff/1002/cards")
    assert client.delete("/cards/1002A").status_code == 204
    assert client.post("/cards/1002A/print").status_code == 409


def test_unknown():
    assert client.post("/staff/9/cards").status_code == 404
    assert client.post("/cards/9A/print").get_json() == {"error": "no such card"}
