import pytest

from app import app
from memory import memory

client = app.test_client()
RITA = {"X-Reviewer": "rita"}


@pytest.fixture(autouse=True)
def unit():
    memory.clear()
    client.post("/units", json={"source": "Save changes"})
    client.put("/units/1/targets/de", json={"text": "Änderungen speichern"})


def test_tags_in_any_spelling():
    client.put("/units/1/targets/pt_BR", json={"text": "Salvar"})
    assert "pt-br" in client.get("/units/1").get_json()["targets"]
    assert client.delete("/units/1/targets/PT-br").status_code == 204


def test_approve():
    body = client.post("/review/units/1/de/approve", headers=RITA).get_json()
    assert body["targets"]["de"]["state"] == "approved" and body["targets"]["de"]["by"] == "rita"
    assert client.put("/units/1/targets/de", json={"text": "x"}).status_code == 409


def test_return():
    client.post("/review/units/1/de/return", headers=RITA)
    assert client.get("/review/open").get_json() == []


def test_no_translation():
    answer = client.post("/review/units/1/fr/approve", headers=RITA)
    assert answer.status_code == 404 and answer.get_json() == {"error": "unit 1 has no fr translation"}


def test_refused():
    assert client.post("/review/units/1/de/approve").status_code == 400
    assert client.put("/units/1/targets/xx", json={"text": "x"}).status_code == 400
    assert client.get("/units/9").status_code == 404


def test_search():
    assert client.get("/search?q=save&lang=DE").get_json()[0]["text"] == "Änderungen speichern"
