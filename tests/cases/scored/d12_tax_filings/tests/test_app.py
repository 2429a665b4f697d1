import pytest
from fastapi.testclient import TestClient

from app import app, prepare
from office.database import Base, engine

client = TestClient(app)
F = "/taxpayers/10000001/filings"


@pytest.fixture(autouse=True)
def clean():
    Base.metadata.drop_all(engine)
    prepare()
    client.post("/taxpayers", json={"tin": "10000001", "name": "E. Sommer"})


def test_assessment():
    client.post(F, json={"year": 2023, "income": 50000, "deductions": 4000})
    assert client.post(F + "/2023/assessment").json() == {"tin": "10000001", "year": 2023, "taxable": 46000, "tax": 7640}
    assert client.post(F + "/2023/assessment").status_code == 409


def test_amend():
    client.post(F, json={"year": 2022, "income": 100})
    assert client.put(F + "/2022", json={"income": 200, "deductions": 50}).json()["taxable"] == 150
    assert client.get(F + "/2022").json()["income"] == 200


def test_filed_twice():
    assert client.post(F, json={"year": 2022, "income": 100}).status_code == 201
    assert client.post(F, json={"year": 2022, "income": 100}).status_code == 409


def test_withdraw():
    client.post(F, json={"year": 2022, "income": 100})
    assert client.delete(F + "/2022").status_code == 204
    assert client.get("/taxpayers/10000001/years").json() == []


def test_unknown_taxpayer():
    r = client.get("/taxpayers/99999999/filings/2022")
    assert r.status_code == 404 and r.json() == {"error": {"code": "not_found", "message": "no such taxpayer"}}


def test_rates():
    assert client.get("/rates/2022/estimate?taxable=12000").json() == {"tax": 400}
    assert client.get("/rates/1999").status_code == 404


def test_invalid():
    assert client.post(F, json={"year": 1900, "income": -1}).json()["error"]["message"] == "please check: income, year"
