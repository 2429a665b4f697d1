import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    with service.db:
        service.db.execute("DELETE FROM bags")
        service.db.execute("DELETE FROM reports")


def report():
    return client.post("/reports", json={"passenger": "Ito", "flight": "xy 12", "looks": "blue trolley"}).get_json()["ref"]


def bag(tag="T1"):
    return client.put(f"/bags/{tag}", json={"looks": "blue", "belt": 4})


def test_match():
    ref = report()
    bag()
    assert client.post(f"/reports/{ref}/match", json={"tag": "T1"}).get_json()["report_ref"] == ref
    assert client.get(f"/reports/{ref}").get_json()["bags"] == ["T1"]


def test_match_taken():
    a, b = report(), report()
    bag()
    client.post(f"/reports/{a}/match", json={"tag": "T1"})
    assert client.post(f"/reports/{b}/match", json={"tag": "T1"}).status_code == 409


def test_match_unknown_report():
    bag()
    assert client.post("/reports/99/match", json={"tag": "T1"}).status_code == 404


def test_handover():
    assert client.post("/handovers", json={"tag": "T1"}).status_code == 404
    bag()
    assert client.post("/handovers", json={"tag": "T1"}).status_code == 409


def test_bag_twice():
    assert bag().status_code == 201
    assert bag().status_code == 409
    assert client.get("/bags").get_json() == ["T1"]


def test_report_needs_all():
    assert client.post("/reports", json={"passenger": "Ito"}).status_code == 400
