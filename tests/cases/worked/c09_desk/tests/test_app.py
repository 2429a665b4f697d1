import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def restore():
    rates, margins = dict(service.RATES), dict(service.MARGINS)
    yield
    service.RATES.clear()
    service.RATES.update(rates)
    service.MARGINS.clear()
    service.MARGINS.update(margins)


def test_rates():
    assert client.get("/rates").json()["USD"] == {"mid": "1.0850", "customer": "1.0687"}


def test_buy_and_sell():
    assert client.get("/rates/usd/quote?buy=100").json() == {"currency": "USD", "amount": "100", "result": "106.87"}
    assert client.get("/rates/JPY/quote?sell=10000").json()["result"] == "60.37"


def test_set_rate():
    assert client.put("/rates/SEK", json={"mid": 11.25}).json() == {"currency": "SEK", "mid": "11.25"}
    assert client.get("/rates/SEK/quote?buy=10").json()["result"] == "110.25"


def test_margin():
    assert client.put("/rates/CHF/margin", json={"percent": 3}).status_code == 200
    assert client.get("/rates/CHF/margin").json()["percent"] == "3"
    assert client.get("/rates/CHF/quote?buy=100").json()["result"] == "92.25"


def test_margin_refused():
    for percent in (11, -1, "3", None, True):
        assert client.put("/rates/CHF/margin", json={"percent": percent}).status_code == 400


def test_quote_refused():
    for q in ("", "buy=1&sell=1", "buy=x", "buy=-1", "buy=NaN"):
        assert client.get("/rates/USD/quote?" + q).status_code == 400
    assert client.get("/rates/XXX/quote?buy=1").json() == {"error": "no rate for XXX"}
