import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.library.loans.clear()


def lend(part="cello", work="Dvorak 8", out="2024-02-01"):
    return client.post("/loans", json={"work": work, "part": part, "player": "Jun", "out": out})


def test_lend():
    r = lend()
    assert r.status_code == 201 and r.get_json()["due"] == "2024-02-29"


def test_part_is_out():
    lend()
    assert lend().status_code == 409
    assert lend(work="Sibelius 2").status_code == 201


def test_unknown_part():
    r = lend("tuba")
    assert r.status_code == 404 and r.get_json() == {"error": "no such part"}


def test_return():
    number = lend().get_json()["id"]
    assert client.post(f"/loans/{number}/return", json={"on": "2024-02-10"}).get_json()["returned"] == "2024-02-10"
    assert client.post(f"/loans/{number}/return", json={"on": "2024-02-11"}).status_code == 409


def test_late():
    number = lend().get_json()["id"]
    lend("oboe 1", out="2024-03-01")
    assert client.get("/late?today=2024-03-05").get_json() == [{"id": number, "player": "Jun", "days": 5, "open": True}]
    assert client.get("/late?today=soon").status_code == 400


def test_works():
    lend()
    assert client.get("/works").get_json()["Dvorak 8"][3] == {"part": "cello", "in": False}
