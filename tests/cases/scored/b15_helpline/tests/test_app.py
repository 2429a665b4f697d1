import pytest

import app as service

client = service.app.test_client()
KIM = {"email": "kim@desk.example", "name": "Kim"}


@pytest.fixture(autouse=True)
def clean():
    service.CASES.clear()


def case(**kw):
    return client.post("/cases", json={"subject": "VPN", "requester": "ann.lee@corp.example"} | kw).get_json()


def test_open():
    body = case(watchers=["bo@corp.example", KIM])
    assert body["requester"] == {"email": "ann.lee@corp.example", "name": "Ann Lee"}
    assert [w["name"] for w in body["watchers"]] == ["Bo", "Kim"]


def test_assign():
    number = case(watchers=[KIM])["number"]
    body = client.put(f"/cases/{number}/assignee", json={"assignee": KIM}).get_json()
    assert body["assignee"] == KIM and body["watchers"] == []
    assert len(client.get("/cases?assignee=kim@desk.example").get_json()) == 1


def test_put_back():
    number = case()["number"]
    client.put(f"/cases/{number}/assignee", json={"assignee": KIM})
    assert client.put(f"/cases/{number}/assignee", json={"assignee": None}).get_json()["assignee"] is None
    assert len(client.get("/cases?assignee=").get_json()) == 1


def test_own_case():
    number = case(requester=KIM)["number"]
    answer = client.put(f"/cases/{number}/assignee", json={"assignee": KIM})
    assert answer.status_code == 409 and answer.get_json()["errors"]


def test_closed():
    number = case()["number"]
    client.post(f"/cases/{number}/close")
    assert client.put(f"/cases/{number}/assignee", json={"assignee": KIM}).status_code == 409


def test_watch():
    number = case()["number"]
    for _ in range(2):
        body = client.post(f"/cases/{number}/watchers", json={"watcher": "Bo@corp.example"}).get_json()
    assert [w["email"] for w in body["watchers"]] == ["bo@corp.example"]
    assert client.post(f"/cases/{number}/watchers", json={"watcher": 7}).status_code == 400
