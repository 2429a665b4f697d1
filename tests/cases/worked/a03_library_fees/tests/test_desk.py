import pytest
from fastapi.testclient import TestClient

import app as service
import policy

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service._shelves.loans.clear()


def lend(item="b-100", on="2024-01-01", reader="ann"):
    return client.post("/loans", json={"reader": reader, "item": item, "on": on})


def test_due():
    assert lend().json()["due"] == "2024-01-29"
    assert lend().status_code == 409
    assert lend("b-999").json() == {"error": "no such item"}


def test_return_in_time_costs_nothing():
    lend()
    assert client.post("/returns", json={"item": "b-100", "on": "2024-01-29"}).json()["fee"] == 0


def test_steps():
    assert [policy.fee("book", n) for n in (1, 7, 8, 14, 15)] == [50, 50, 150, 150, 400]


def test_account():
    lend()
    lend("f-7")
    body = client.get("/readers/ann/account?on=2024-01-12").json()
    assert body == {"reader": "ann", "cents": 300, "blocked": False, "lines": [{"item": "f-7", "cents": 300}]}


def test_overdue():
    lend()
    lend("f-7", reader="bo")
    assert [x["item"] for x in client.get("/overdue?on=2024-02-02").json()] == ["f-7", "b-100"]
    assert client.get("/overdue?on=2024-02-02&kind=book").json()[0]["reader"] == "ann"
