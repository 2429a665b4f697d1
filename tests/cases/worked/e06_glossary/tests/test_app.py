import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.TERMS.clear()
    for name, meaning in (("Build", "making artefacts"), ("Release", "a build that is published"), ("Tag", "a named commit"), ("Hot fix", "an urgent release")):
        client.post("/terms", json={"name": name, "meaning": meaning})


def test_show():
    assert client.get("/terms/hot-fix").get_json() == {"name": "Hot fix", "meaning": "an urgent release", "see": []}
    assert client.get("/terms/cold-fix").status_code == 404


def test_exists():
    assert client.post("/terms", json={"name": "TAG", "meaning": "x"}).status_code == 409


def test_search():
    assert client.get("/terms?q=release").get_json() == ["Release", "Hot fix"]


def test_cluster():
    client.put("/terms/hot-fix/see/release")
    client.put("/terms/release/see/build")
    client.put("/terms/release/see/tag")
    assert client.get("/terms/hot-fix/cluster").get_json() == ["Build", "Release", "Tag"]
    assert client.get("/terms/tag/cluster").get_json() == []


def test_not_itself():
    assert client.put("/terms/tag/see/Tag").status_code == 409


def test_unlink():
    client.put("/terms/tag/see/release")
    assert client.delete("/terms/tag/see/release").get_json()["see"] == []


def test_orphans():
    client.put("/terms/hot-fix/see/release")
    assert client.get("/orphans").get_json() == ["Build", "Hot fix", "Tag"]
