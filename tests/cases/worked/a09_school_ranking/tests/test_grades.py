import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    for pupils in service.CLASSES.values():
        for pupil in pupils.values():
            pupil.marks.clear()


def mark(pupil, grade, weight=1, subject="maths", day="2024-02-01", name="7a"):
    return client.post(f"/classes/{name}/pupils/{pupil}/marks", json={"subject": subject, "grade": grade, "weight": weight, "day": day})


def test_average_is_weighted():
    mark("p1", 1, 3)
    assert mark("p1", 4).json() == {"id": "p1", "marks": 2, "average": 1.75}


def test_ranking():
    mark("p1", 2.5)
    mark("p2", 1.5)
    mark("p4", 3)
    assert [(r["place"], r["name"]) for r in client.get("/classes/7a/ranking").json()] == [(1, "Conti, Leo"), (2, "Wenzel, Ada"), (3, "Brandt, Uwe")]
    assert client.get("/classes/7b/ranking").json() == []


def test_list_is_by_name():
    mark("p3", 2)
    body = client.get("/classes/7a").json()
    assert [p["id"] for p in body] == ["p4", "p2", "p3", "p1"] and body[2]["average"] == 2.0


def test_report():
    mark("p1", 2, day="2024-03-01")
    mark("p1", 4, day="2024-01-10")
    assert client.get("/classes/7a/pupils/p1").json() == {"name": "Wenzel, Ada", "subjects": {"maths": [4.0, 2.0]}, "average": 3.0}


def test_refused():
    assert mark("p1", 0.5).status_code == 422
    assert mark("p9", 1).status_code == 404
    assert client.get("/classes/9z/ranking").status_code == 404
    assert client.get("/classes/7a/subjects/art").status_code == 404
