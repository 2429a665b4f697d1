import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.ACCESSIONS.clear()


def add(**kw):
    return client.post("/accessions", json={"species": "Avena sativa", "grams": 40, **kw})


def test_add_and_show():
    number = add(origin="Gotland").get_json()["id"]
    assert client.get(f"/accessions/{number}").get_json()["origin"] == "Gotland"


def test_species_is_required():
    assert add(species=" ").status_code == 400


def test_withdraw():
    number = add().get_json()["id"]
    r = client.post(f"/accessions/{number}/withdrawals", json={"grams": 2.5, "purpose": "trial"})
    assert r.status_code == 201 and r.get_json() == {"left": 37.5}


def test_withdraw_too_much():
    number = add().get_json()["id"]
    assert client.post(f"/accessions/{number}/withdrawals", json={"grams": 41, "purpose": "x"}).status_code == 409


def test_withdraw_nonsense():
    number = add().get_json()["id"]
    assert client.post(f"/accessions/{number}/withdrawals", json={"grams": "some", "purpose": "x"}).status_code == 400


def test_trial():
    number = add().get_json()["id"]
    assert client.post(f"/accessions/{number}/trials", json={"sown": 50, "sprouted": 45}).get_json()["rate"] == 0.9
    assert client.post(f"/accessions/{number}/trials", json={"sown": 50, "sprouted": 51}).status_code == 400


def test_species():
    add()
    add(grams=2)
    assert client.get("/species").get_json() == {"Avena sativa": 42}
