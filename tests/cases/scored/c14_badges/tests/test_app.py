import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def empty():
    service.badges._rows.clear()


def issue(issued, months=1, kind="contractor"):
    return client.post("/badges", json={"holder": "Ida", "kind": kind, "issued": issued, "months": months})


def test_issue():
    r = issue("2024-03-15", 6)
    assert r.status_code == 201 and r.json()["expires"] == "2024-09-15"


def test_over_new_year():
    assert issue("2024-11-30", 12).json()["expires"] == "2025-11-30"
    assert issue("2024-12-05", 1).json()["expires"] == "2025-01-05"


def test_too_long():
    r = issue("2024-03-15", 2, "visitor")
    assert r.status_code == 400 and r.json()["detail"] == "visitor badges last at most 1 months"


def test_renew():
    n = issue("2024-03-15", 6).json()["number"]
    assert client.post(f"/badges/{n}/renew", json={"months": 3}).json()["expires"] == "2024-12-15"
    v = issue("2024-03-15", 1, "visitor").json()["number"]
    assert client.post(f"/badges/{v}/renew", json={"months": 1}).status_code == 409


def test_expiring():
    issue("2024-01-29", 1)
    issue("2024-02-01", 1)
    assert [b["expires"] for b in client.get("/badges?month=2024-02").json()] == ["2024-02-29"]
    assert client.get("/badges?month=2024-13").status_code == 400


def test_valid_and_reminder():
    n = issue("2024-03-15", 1).json()["number"]
    assert client.get(f"/badges/{n}/valid?on=2024-04-15").json() == {"valid": True, "days_left": 0}
    assert client.get(f"/badges/{n}/reminder").json()["remind_on"] == "2024-04-01"


def test_refused():
    assert client.get("/badges/99").status_code == 404
    assert issue("2024-03-15", 0).status_code == 422
    assert issue("soon").status_code == 422
