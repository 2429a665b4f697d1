import pytest

import consignments
from app import app

client = app.test_client()


@pytest.fixture(autouse=True)
def clean():
    consignments.reset()


def bring(title="Mirror", seller="weiss", **kw):
    return client.post(f"/sellers/{seller}/items", json={"title": title, **kw}).get_json()["number"]


def test_statement():
    a, b, c = bring(), bring("Chest", kind="Estate"), bring("Quilt", kind="charity")
    for n, price in ((a, 200), (b, 100), (c, 50)):
        client.post(f"/items/{n}/sale", json={"price": price})
    bring("Stool")
    body = client.get("/sellers/weiss/statement").get_json()
    assert [x["commission"] for x in body["lines"]] == [36, 15, 0]
    assert body["unsold"] == 1 and body["payout"] == 299


def test_kinds():
    n = bring(kind=" ESTATE ")
    assert [i["number"] for i in client.get("/items?kind=Estate").get_json()] == [n]
    assert client.get("/items?kind=stolen").status_code == 400


def test_change():
    n = bring()
    assert client.patch(f"/items/{n}", json={"title": "Large mirror", "kind": "charity"}).get_json()["kind"] == "charity"
    assert client.patch(f"/items/{n}", json={"title": "X", "kind": "gift"}).status_code == 400
    assert client.get("/items").get_json()[0]["title"] == "Large mirror"


def test_sold():
    n = bring()
    assert client.post(f"/items/{n}/sale", json={"price": 0}).status_code == 400
    client.post(f"/items/{n}/sale", json={"price": 20})
    assert client.post(f"/items/{n}/sale", json={"price": 20}).status_code == 409
    assert client.patch(f"/items/{n}", json={"kind": "estate"}).status_code == 400


def test_unknown():
    assert client.get("/sellers/nobody/statement").status_code == 404
    assert client.patch("/items/9", json={}).status_code == 404
