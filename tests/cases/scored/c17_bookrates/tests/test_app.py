import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def reseed(monkeypatch):
    monkeypatch.setattr(service, "history", service.seed())


def test_on_the_day():
    assert client.get("/rates/usd/on/2024-01-03").json() == {"day": "2024-01-03", "rate": "1.0919"}


def test_weekend():
    assert client.get("/rates/USD/on/2024-01-07").json()["day"] == "2024-01-05"
    assert client.get("/rates/USD/on/2024-03-01").json()["day"] == "2024-01-08"


def test_latest():
    assert client.get("/rates/SEK/latest").json()["rate"] == "11.2105"
    r = client.get("/rates/ISK/latest")
    assert r.status_code == 404 and r.json() == {"detail": "no rate for ISK yet"}


def test_publish():
    assert client.post("/rates/USD", json={"day": "2024-01-04", "rate": "1.0953"}).status_code == 201
    assert len(client.get("/rates/USD?first=2024-01-03&last=2024-01-05").json()) == 3


def test_convert():
    r = client.get("/convert?currency=SEK&day=2024-01-04&amount=1000")
    assert r.json() == {"eur": "89.70", "rate_of": "2024-01-02"}


def test_invoices():
    body = {"invoices": [
        {"number": "A", "day": "2024-01-06", "currency": "USD", "amount": "10.00"},
        {"number": "B", "day": "2024-01-06", "currency": "XAU", "amount": "10.00"},
    ]}
    r = client.post("/invoices/convert", json=body).json()
    assert r["converted"] == [{"number": "A", "eur": "9.16", "rate_of": "2024-01-05"}]
    assert r["open"] == [{"number": "B", "reason": "unknown currency XAU"}]


def test_unknown_and_invalid():
    assert client.get("/rates/XAU/on/2024-01-03").status_code == 404
    assert client.get("/rates/USD/on/yesterday").status_code == 422
    assert client.get("/convert?currency=USD&day=2024-01-04&amount=0").status_code == 422
