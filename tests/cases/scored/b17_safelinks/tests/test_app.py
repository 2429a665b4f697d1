import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.shortener.clear()


def create(target="https://museum.example/tour"):
    return client.post("/codes", json={"target": target})


def test_create_and_follow():
    body = create().get_json()
    assert body == {"status": "ok", "code": "100", "target": "https://museum.example/tour"}
    assert client.get("/100").headers["Location"] == "https://museum.example/tour"


def test_same_target():
    create()
    assert create().status_code == 200
    assert create("https://museum.example/map").get_json()["code"] == "101"


def test_bad_reputation():
    answer = create("http://phish.example/login")
    assert answer.status_code == 422 and answer.get_json()["reason"] == "phish.example: phishing"


def test_not_an_address():
    for target in (None, "museum", "ftp://museum.example", "http://"):
        assert create(target).status_code == 400


def test_retired():
    create()
    assert client.delete("/codes/100").status_code == 204
    assert client.get("/100").status_code == 410
    assert create().get_json()["code"] == "101"


def test_missing():
    assert client.get("/codes/zz").status_code == 404
