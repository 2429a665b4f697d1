import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.PROFILES.clear()


def put(nick, speaks, learns, city="Graz"):
    return client.put(f"/profiles/{nick}", json={"speaks": speaks.split(), "learns": learns.split(), "city": city})


def test_put():
    assert put("mia", "de en", "es").status_code == 201
    assert put("mia", "en de", "pt").json()["speaks"] == ["de", "en"]


def test_bad_languages():
    assert put("mia", "xx", "es").status_code == 400
    assert put("mia", "", "es").status_code == 400


def test_matches():
    put("mia", "de en", "es pt")
    put("luz", "es", "de")
    put("rui", "pt es", "en de")
    put("kai", "ja", "de")
    assert client.get("/profiles/mia/matches").json() == [
        {"nick": "rui", "city": "Graz", "score": 4},
        {"nick": "luz", "city": "Graz", "score": 2},
    ]


def test_same_city():
    put("mia", "de", "es")
    put("luz", "es", "de", city="Lima")
    assert client.get("/profiles/mia/matches?city=here").json() == []


def test_speakers():
    put("mia", "de", "es")
    put("eva", "de", "fr")
    assert client.get("/languages/de/speakers").json() == ["eva", "mia"]


def test_unknown():
    assert client.get("/profiles/nobody/matches").status_code == 404
