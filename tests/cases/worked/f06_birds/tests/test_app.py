import pytest

from app import app
from birds import store

client = app.test_client()


@pytest.fixture(autouse=True)
def clean():
    store.clear()


def saw(code="BLUTIT", number=1, day="2024-05-01", place="Mere"):
    return client.post("/sightings", json={"code": code, "number": number, "day": day, "place": place, "observer": "Wren"})


def test_record():
    assert saw("eurjay").get_json()["code"] == "EURJAY"
    assert len(client.get("/sightings?place=Mere").get_json()) == 1


def test_old_code_is_accepted():
    assert saw("LESREP").status_code == 201


def test_unknown_code():
    assert saw("DODO").status_code == 400


def test_year():
    saw("GRETIT", 2)
    saw("BLUTIT", 5)
    saw("BLUTIT", 9, day="2023-05-01")
    assert client.get("/reports/year?year=2024").get_json() == [{"species": "Blue tit", "number": 5}, {"species": "Great tit", "number": 2}]


def test_observers():
    saw()
    saw()
    assert client.get("/reports/observers?year=2024").get_json() == {"Wren": 2}


def test_bad_year():
    assert client.get("/reports/year?year=24").status_code == 400


def test_withdraw():
    i = saw().get_json()["id"]
    assert client.delete(f"/sightings/{i}").status_code == 204
    assert client.get(f"/sightings/{i}").status_code == 404
