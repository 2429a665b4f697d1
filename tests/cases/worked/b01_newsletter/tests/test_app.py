import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.book.clear()


def join(email="kim@mail.example"):
    return client.post("/subscribers", json={"email": email}).get_json()


def test_sign_up_and_confirm():
    token = join()["token"]
    assert client.get("/topics/releases/recipients").get_json() == []
    assert client.post(f"/confirm/{token}").get_json()["confirmed"] is True
    assert client.get("/topics/releases/recipients").get_json() == ["kim@mail.example"]


def test_twice():
    join()
    answer = client.post("/subscribers", json={"email": "Kim@Mail.example"})
    assert answer.status_code == 409 and answer.get_json()["problem"]["code"] == "address-taken"


def test_move():
    join()
    answer = client.put("/subscribers/kim@mail.example/address", json={"email": "kim@new.example"})
    assert answer.status_code == 200 and answer.get_json()["confirmed"] is False
    assert client.get("/subscribers/kim@mail.example").status_code == 404


def test_move_to_taken_address():
    join()
    join("lee@mail.example")
    assert client.put("/subscribers/kim@mail.example/address", json={"email": "lee@mail.example"}).status_code == 409


def test_topics():
    join()
    assert client.put("/subscribers/kim@mail.example/topics", json=["events"]).get_json()["topics"] == ["events"]
    assert client.put("/subscribers/kim@mail.example/topics", json=["cats"]).status_code == 400


def test_unsubscribe():
    token = join()["token"]
    assert client.post(f"/unsubscribe/{token}").status_code == 204
    assert client.post(f"/unsubscribe/{token}").status_code == 404
