import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete
from sqlalchemy.orm import Session

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    with Session(service.engine) as s:
        s.execute(delete(service.Registration))
        s.commit()


def register(code="B1-06", candidate="Mira"):
    return client.post(f"/exams/{code}/registrations", json={"candidate": candidate})


def test_register():
    assert register().json()["title"] == "German B1, June"
    assert client.get("/exams/B1-06/registrations").json() == ["Mira"]


def test_twice():
    register()
    assert register().status_code == 409


def test_full():
    register("C1-06", "Ada")
    assert register("C1-06").json()["detail"] == "exam is full"


def test_transfer():
    i = register().json()["id"]
    assert client.patch(f"/registrations/{i}", json={"exam": "B1-09"}).json()["exam"] == "B1-09"
    assert client.get("/exams/B1-06/registrations").json() == []


def test_transfer_full():
    register("C1-06", "Ada")
    i = register().json()["id"]
    assert client.patch(f"/registrations/{i}", json={"exam": "C1-06"}).status_code == 409


def test_unknown():
    assert register("A1-01").status_code == 404
    assert client.delete("/registrations/77").status_code == 404
