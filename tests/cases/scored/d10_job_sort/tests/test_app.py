import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.JOBS.clear()


def new(title, **kw):
    return client.post("/jobs", json={"title": title, "company": "Lindqvist", **kw}).json()["id"]


def titles(query):
    return [j["title"] for j in client.get("/jobs?" + query).json()]


def test_salary():
    new("Clerk", salary_from=2000)
    new("Chief clerk", salary_from=3000, salary_to=3600)
    new("Bookkeeper", salary_from=2500, salary_to=2900)
    assert titles("sort=salary") == ["Chief clerk", "Bookkeeper", "Clerk"]


def test_closing():
    new("Open-ended")
    new("Later", closes="2024-12-01")
    new("Soon", closes="2024-11-01")
    assert titles("sort=closing") == ["Soon", "Later", "Open-ended"]


def test_search():
    new("Painter", town="Lund")
    new("Plumber", town="Malmö")
    assert titles("town=lund") == ["Painter"]
    assert titles("q=PLUMB") == ["Plumber"]
    assert titles("sort=title") == ["Painter", "Plumber"]


def test_range():
    assert client.post("/jobs", json={"title": "Cook", "company": "X", "salary_from": 3, "salary_to": 2}).status_code == 422


def test_remove():
    n = new("Cook")
    assert client.delete(f"/jobs/{n}").status_code == 204
    assert client.get(f"/jobs/{n}").status_code == 404


def test_unknown_order():
    assert client.get("/jobs?sort=luck").status_code == 422
