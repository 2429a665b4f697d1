import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)
DAY = "/rehearsals/2024-09-12"


@pytest.fixture(autouse=True)
def rehearsal():
    service.REHEARSALS.clear()
    client.put(DAY)


def test_twice():
    assert client.put(DAY).status_code == 409


def test_programme():
    assert client.put(DAY + "/programme", json=[["Locus iste", "Bruckner"]]).json() == [{"title": "Locus iste", "composer": "Bruckner"}]
    assert client.put(DAY + "/programme", json=[["Locus iste"]]).status_code == 400
    assert len(client.get(DAY).json()["programme"]) == 1


def test_attendance():
    body = client.post(DAY + "/attendance", json=[["Ada", "yes"], ["Dirk", "no"]]).json()
    assert body == {"present": ["Ada"], "absent": ["Dirk"], "unmarked": ["Benno", "Carla", "Edda"]}


def test_stranger():
    assert client.post(DAY + "/attendance", json=[["Ada", "yes"], ["Zeno", "yes"]]).status_code == 400
    assert client.get(DAY).json()["present"] == []


def test_not_a_list():
    assert client.post(DAY + "/attendance", json={"Ada": "yes"}).status_code == 400


def test_unknown():
    assert client.get("/rehearsals/2024-09-13").status_code == 404
    assert client.get("/rehearsals/2024-02-30").status_code == 400
