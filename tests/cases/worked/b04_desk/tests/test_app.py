import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.TICKETS.clear()


def ticket(subject="Paper jam", fields=None):
    return client.post("/tickets", json={"subject": subject, "fields": fields})


def test_create():
    body = ticket(fields={"Site": "Bremen "}).get_json()
    assert body["fields"] == {"site": "Bremen"} and body["state"] == "open"


def test_fields_as_text():
    body = ticket(fields="Site: Bremen\n\nMonitor: http://mon.example/7\n").get_json()
    assert body["fields"] == {"site": "Bremen", "monitor": "http://mon.example/7"}
    assert ticket(fields="nonsense").status_code == 400


def test_where():
    ticket(fields={"site": "Bremen", "asset": "printer"})
    ticket(fields={"site": "Bremen", "asset": "door"})
    assert client.get("/tickets?where=site:bremen").get_json()["count"] == 2
    assert client.get("/tickets?where=site:bremen&where=asset:door").get_json()["count"] == 1
    assert client.get("/tickets?where=bremen").status_code == 400


def test_change():
    number = ticket(fields={"site": "Bremen"}).get_json()["number"]
    body = client.patch(f"/tickets/{number}", json={"state": "solved", "fields": {"site": ""}}).get_json()
    assert body["state"] == "solved" and body["fields"] == {}


def test_missing():
    assert client.get("/tickets/0").status_code == 404


def test_values():
    for site in ("Bremen", "aachen"):
        ticket(fields={"site": site})
    assert client.get("/fields/site").get_json()["values"] == ["aachen", "Bremen"]
