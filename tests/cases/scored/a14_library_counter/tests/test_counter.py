import pytest
from fastapi.testclient import TestClient

from app import app
from stacks.database import prepare

client = TestClient(app)


@pytest.fixture(autouse=True)
def fresh():
    prepare()


def lend(barcode="T-0002", card="C11", on="2024-02-01"):
    return client.post("/loans", json={"card": card, "barcode": barcode, "on": on})


def give_back(on, barcode="T-0002"):
    return client.post("/returns", json={"barcode": barcode, "on": on})


def test_lend():
    assert lend().json() == {"barcode": "T-0002", "name": "Solaris", "due": "2024-02-22"}
    assert lend(card="C12").json()["fault"] == "out"
    assert client.get("/patrons/C11").json()["loans"] == [{"barcode": "T-0002", "due": "2024-02-22"}]


def test_return():
    lend()
    assert give_back("2024-02-25").json() == {"barcode": "T-0002", "name": "Solaris", "title": 2, "fee": 60, "put_aside_for": None}
    assert client.get("/patrons/C11").json()["loans"] == []


def test_return_with_hold():
    lend()
    assert client.post("/holds", json={"card": "C13", "title": 2}).json() == {"title": "Solaris", "position": 1}
    assert client.post("/holds", json={"card": "C13", "title": 2}).status_code == 409
    assert give_back("2024-02-20").json()["put_aside_for"] == "C13"


def test_renewal():
    assert client.post("/loans/T-0002/renewal?on=2024-02-10").json()["fault"] == "not-out"
    lend()
    assert client.post("/loans/T-0002/renewal?on=2024-02-10").json()["due"] == "2024-03-02"


def test_missing():
    assert lend(barcode="T-9").json()["fault"] == "no-copy"
    assert lend(card="C9").json()["fault"] == "no-patron"
    assert give_back("2024-02-20", "T-9").status_code == 404


def test_search():
    assert [t["name"] for t in client.get("/titles?q=un").json()] == ["Dune"]
