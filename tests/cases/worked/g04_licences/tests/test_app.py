import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.LICENCES.clear()


def issue(**kw):
    return client.post("/licences", json={"holder": "Ole Berg", "water": "river-alm", "kind": "week", "from": "2024-05-01", **kw})


def test_issue():
    body = issue().get_json()
    assert body["until"] == "2024-05-07" and body["cents"] == 4500 and body["address"] is None


def test_refused():
    for bad in ({"kind": "month"}, {"water": "sea"}, {"holder": " "}, {"from": "May"}):
        assert issue(**bad).status_code == 400


def test_address():
    n = issue().get_json()["number"]
    r = client.put(f"/licences/{n}/address", json={"street": "Quay 3 ", "postcode": "8010", "town": "Alm"})
    assert r.get_json()["address"] == {"street": "Quay 3", "postcode": "8010", "town": "Alm"}


def test_unknown():
    assert client.put("/licences/1/address", json={}).status_code == 404


def test_valid():
    issue()
    assert client.get("/waters/river-alm/valid?on=2024-05-07").get_json() == ["Ole Berg"]
    assert client.get("/waters/river-alm/valid?on=2024-05-08").get_json() == []
