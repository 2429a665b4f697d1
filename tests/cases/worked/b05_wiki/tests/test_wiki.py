import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    with service.db as db:
        db.execute("delete from pages")


def page(title, text=""):
    return client.post("/pages", json={"title": title, "text": text}, headers={"X-User": "eva"})


def test_create_and_show():
    answer = page("Große Übersicht", "hello")
    assert answer.status_code == 201 and answer.headers["Location"] == "/pages/groe-ubersicht"
    assert client.get("/pages/groe-ubersicht").get_json()["text"] == "hello"


def test_title_taken():
    page("On call")
    answer = page("On-Call!")
    assert answer.status_code == 409 and answer.get_json()["error"]["kind"] == "title-taken"


def test_rename_keeps_the_old_address():
    page("Deploy", "how to")
    assert client.put("/pages/deploy/title", json={"title": "Releases"}).get_json()["slug"] == "releases"
    assert client.get("/pages/deploy").get_json()["title"] == "Releases"


def test_rename_back():
    page("Deploy")
    client.put("/pages/deploy/title", json={"title": "Releases"})
    client.put("/pages/releases/title", json={"title": "Deploy"})
    assert [p["slug"] for p in client.get("/pages").get_json()] == ["deploy"]


def test_history():
    page("Deploy")
    client.put("/pages/deploy/text", json={"text": "x"}, headers={"X-User": "tom"})
    assert client.get("/pages/deploy/history").get_json() == [{"author": "eva", "what": "created"}, {"author": "tom", "what": "edited"}]


def test_missing():
    assert client.get("/pages/none").get_json()["error"]["kind"] == "no-such-page"
    assert client.put("/pages/none/title", json={"title": "x"}).status_code == 404


def test_search():
    page("Backups", "nightly")
    page("Servers", "backups run at two")
    assert [h["slug"] for h in client.get("/search?q=backups").get_json()] == ["backups", "servers"]
