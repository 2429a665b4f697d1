import pytest

import app as service

client = service.app.test_client()
READERS = ["a@x.example", "b@x.example", "c@x.example", "d@x.example"]


@pytest.fixture(autouse=True)
def clean():
    service.ISSUES.clear()
    client.put("/issues/7", json={"subject": "Spring", "readers": READERS})


def click(reader, link, minutes=5):
    return client.post("/issues/7/clicks", json={"reader": reader, "link": link, "minutes": minutes})


def test_report():
    client.post("/issues/7/opened", json={"reader": READERS[0], "minutes": 3})
    for reader, link in ((READERS[1], "/sale"), (READERS[1], "/sale"), (READERS[2], "/about")):
        click(reader, link, 10)
    assert client.get("/issues/7/report").get_json() == {
        "number": 7, "subject": "Spring", "delivered": 4, "opened": 75.0, "median_minutes": 10, "clickers": 66.7,
        "clicks": 3, "top_link": "/sale"}


def test_sent_once():
    assert client.put("/issues/7", json={"subject": "Again", "readers": []}).status_code == 409


def test_stranger():
    assert click("z@x.example", "/sale").status_code == 404


def test_reader():
    assert client.get(f"/readers/{READERS[3]}").get_json() == {
        "reader": READERS[3], "delivered": 1, "opened": 0.0, "last_opened": None, "clicks": 0}
    click(READERS[3], "/sale")
    assert client.get(f"/readers/{READERS[3]}").get_json()["last_opened"] == 7


def test_missing():
    assert client.get("/issues/8/report").get_json() == {"error": "no issue 8"}
    assert client.get("/readers/z@x.example").status_code == 404


def test_index():
    click(READERS[0], "/sale")
    assert client.get("/issues").get_json() == [{"number": 7, "subject": "Spring", "clicks": 1}]
