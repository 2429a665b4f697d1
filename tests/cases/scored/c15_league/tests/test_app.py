import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def empty():
    service.ROUNDS.clear()


def put(text, number=1):
    return client.put(f"/rounds/{number}", content=text.encode())


def test_upload():
    r = put("# round one\nAnna; Bert; 1-0\n\nCarl;Dina;1/2\n")
    assert r.json() == {"round": 1, "games": 2, "problems": []}
    assert client.get("/rounds/1").json()[0] == {"white": "anna", "black": "bert", "result": "1-0"}


def test_problems_are_listed():
    r = put("Anna; Zora; 1-0\nCarl; Dina; 3-0\nEmil; Emil; 1-0\nBert; Fritz; 0-1")
    assert r.json()["games"] == 1
    assert [p["line"] for p in r.json()["problems"]] == [1, 2, 3]


def test_twice():
    r = put("Anna; Bert; 1-0\nBert; Carl; 1-0")
    assert r.json()["problems"] == [{"line": 2, "error": "plays twice: bert"}]


def test_table():
    put("Anna; Bert; 1-0\nCarl; Dina; 1/2")
    put("Carl; Anna; 0-1", 2)
    assert client.get("/table").json()[0] == {"member": "anna", "points": 4}


def test_refused():
    assert put("  ").status_code == 400
    assert client.put("/rounds/1", content=b"\xff\xfe\xfd").json() == {"error": "the file is not UTF-8"}
    assert put("x", 31).status_code == 404
    assert client.get("/rounds/2").status_code == 404
    assert client.post("/rounds/2").status_code == 405
