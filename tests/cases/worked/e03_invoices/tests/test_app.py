import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.setup_database()


def add(number="1001", customer="ALM", issued="2024-03-01", cents=12550):
    return client.post("/invoices", json={"number": number, "customer": customer, "issued": issued, "cents": cents})


def test_add_and_show():
    assert add().status_code == 201
    assert client.get("/invoices/1001").json()["cents"] == 12550


def test_number_is_taken():
    add()
    assert add(customer="BRK").status_code == 409


def test_unknown_customer():
    assert add(customer="ZZZ").status_code == 404


def test_latest():
    add()
    add(number="1002", customer="BRK")
    assert client.get("/customers/BRK/latest").json()["number"] == "1002"
    assert client.get("/customers/CED/latest").status_code == 404


def test_renumber():
    add()
    assert client.post("/invoices/1001/renumber", json={"to": "1010"}).json()["number"] == "1010"
    assert client.get("/invoices/1001").status_code == 404
    assert client.post("/invoices/1001/renumber", json={"to": "1011"}).status_code == 404


def test_total():
    add()
    add(number="1002", cents=450)
    assert client.get("/customers/ALM/total").json() == {"customer": "Alm & Sons", "cents": 13000}
    assert client.get("/customers/CED/total").json()["cents"] == 0


def test_export():
    add()
    assert client.get("/export.csv").text == "number,issued,customer,amount\n1001,2024-03-01,Alm & Sons,125.50\n"
