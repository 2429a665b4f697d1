import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.STRETCHES.clear()


def add(start, stop, day="2024-03-04"):
    return client.post(f"/staff/mara/days/{day}", json={"from": start, "to": stop})


def test_a_day():
    add("13:00", "17:00")
    assert add("08:15", "12:30").get_json() == {
        "day": "2024-03-04", "begin": "08:15", "end": "17:00", "worked": 495, "breaks": 30, "long_breaks": 1}


def test_overlap():
    add("08:00", "12:00")
    assert add("11:59", "13:00").status_code == 409


def test_bad_times():
    assert add("8", "12:00").status_code == 400
    assert add("12:00", "12:00").status_code == 400


def test_month():
    add("08:00", "12:00")
    add("08:00", "13:00", "2024-03-08")
    body = client.get("/staff/mara/month/2024/3").get_json()
    assert body["worked"] == 540 and body["longest"] == "2024-03-08" and len(body["days"]) == 2


def test_empty_month():
    assert client.get("/staff/igor/month/2024/3").get_json() == {"days": [], "worked": 0, "longest": None}


def test_clear():
    add("08:00", "12:00")
    assert client.delete("/staff/mara/days/2024-03-04").status_code == 204
    assert client.delete("/staff/mara/days/2024-03-04").status_code == 404


def test_unknown():
    assert client.get("/staff/zed/days/2024-03-04").status_code == 404
