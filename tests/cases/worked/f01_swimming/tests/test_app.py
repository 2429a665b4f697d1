import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.COURSES.clear()


def new(code="SH1", **kw):
    return client.post("/courses", json={"code": code, "level": "seahorse", "day": "mon", "time": "15:00", "lane": 1, **kw})


def test_create():
    assert new().get_json()["free"] == 8
    assert new().status_code == 409


def test_bad_day():
    assert new(day="someday").status_code == 400


def test_assign():
    new()
    assert client.put("/courses/SH1/teacher/olaf").get_json()["teacher"] == "Olaf Brandt"
    assert client.put("/courses/SH1/teacher/nemo").status_code == 404


def test_full():
    new(places=1)
    assert client.post("/courses/SH1/pupils", json={"name": "Lea"}).status_code == 201
    assert client.post("/courses/SH1/pupils", json={"name": "Tom"}).status_code == 409


def test_timetable():
    new()
    client.put("/courses/SH1/teacher/ines")
    assert client.get("/timetable").get_json() == {"mon": [{"time": "15:00", "lane": 1, "level": "seahorse", "teacher": "Ines Prado"}]}


def test_unknown():
    assert client.get("/courses/none").status_code == 404
