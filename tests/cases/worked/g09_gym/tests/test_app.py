import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    with Session(service.engine) as session:
        session.execute(delete(service.Visit))
        session.execute(delete(service.Member))
        session.commit()


def enrol(name="Rosa", **kw):
    return client.post("/members", json={"name": name, "plan": "basic", "since": "2024-01-15", **kw})


def visit(number, at="2024-02-01T18:00"):
    return client.post(f"/members/{number}/visits", json={"at": at})


def test_show():
    i = enrol().get_json()["id"]
    visit(i)
    assert client.get(f"/members/{i}").get_json() == {
        "id": i, "name": "Rosa", "plan": "basic", "since": "2024-01-15", "cents": 2900, "last_visit": "2024-02-01T18:00:00"}


def test_checked_in_twice():
    i = enrol().get_json()["id"]
    assert visit(i).status_code == 201
    assert visit(i, "2024-02-01T18:05").status_code == 409


def test_quiet():
    i, k = enrol().get_json()["id"], enrol("Ben").get_json()["id"]
    visit(i)
    assert client.get("/quiet?today=2024-02-10").get_json() == [{"id": k, "last_visit": None}]
    assert {"id": i, "last_visit": "2024-02-01"} in client.get("/quiet?today=2024-04-10").get_json()


def test_refused():
    assert enrol(plan="gold").status_code == 400
    assert enrol(since="soon").status_code == 400


def test_unknown():
    assert client.get("/members/99").get_json() == {"error": "no such member"}
