import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.PATTERNS.clear()


def load(*lines):
    return client.post("/imports", content="\n".join(lines)).json()


def test_import():
    assert load("# spring", "7714; Wrap skirt; 36-44; 1.60", "", "7715;Apron;38;0.8") == {"imported": ["7714", "7715"], "rejected": []}
    assert client.get("/patterns/7715").json() == {"number": "7715", "title": "Apron", "sizes": [38, 38], "metres": 0.8}


def test_rejected():
    body = load("7714; Wrap skirt; 36-44", "77; Apron; 38; 1", "7715; Apron; 38; 1", "7716; Coat; 44-36; 3", "7717; ; 38; 1")
    assert body["imported"] == ["7715"]
    assert [r["line"] for r in body["rejected"]] == [1, 2, 4, 5]


def test_too_much_fabric():
    assert load("7714; Tent; 38; 21")["rejected"][0]["line"] == 1


def test_by_size():
    load("7714; Wrap skirt; 36-44; 1.60", "7715; Apron; 38; 0.8")
    assert [p["number"] for p in client.get("/patterns?size=40").json()] == ["7714"]


def test_by_fabric():
    load("7714; Wrap skirt; 36-44; 1.60", "7715; Apron; 38; 0.8")
    assert [p["number"] for p in client.get("/patterns?metres=1").json()] == ["7715"]


def test_unknown():
    assert client.get("/patterns/0000").status_code == 404
