import pytest

from app import app

client = app.test_client()


def pet(**kw):
    return client.post("/pets", json={"name": "Bruno", "species": "Dog", "owner": "J. Meier", "weight_kg": 20, **kw}).get_json()["id"]


@pytest.fixture
def visit():
    return client.post("/visits", json={"pet_id": pet(), "vet_id": 1, "day": "2024-04-02", "reason": "limping"}).get_json()["id"]


def test_prescription(visit):
    r = client.post(f"/visits/{visit}/prescriptions", json={"drug": "Meloxicam"})
    assert r.status_code == 201 and r.get_json()["dose_mg"] == 4.0 and r.get_json()["days"] == 7
    assert len(client.get(f"/visits/{visit}/prescriptions").get_json()) == 1


def test_weighed_at_the_visit():
    n = client.post("/visits", json={"pet_id": pet(), "vet_id": 1, "day": "2024-04-02", "reason": "cough", "weight_kg": 90}).get_json()["id"]
    assert client.post(f"/visits/{n}/prescriptions", json={"drug": "amoxicillin"}).get_json()["dose_mg"] == 500.0


def test_unknown_drug(visit):
    assert client.post(f"/visits/{visit}/prescriptions", json={"drug": "aspirin"}).status_code == 422


def test_unknown_visit():
    assert client.get("/visits/999").status_code == 404
    assert client.get("/visits/999/prescriptions").status_code == 404


def test_unknown_pet():
    r = client.post("/visits", json={"pet_id": 999, "vet_id": 1, "day": "2024-04-02", "reason": "x"})
    assert r.status_code == 404 and r.get_json()["error"]["message"] == "no such pet"


def test_last_visit(visit):
    assert client.get("/pets/1").get_json()["last_visit"] == "2024-04-02"
    assert client.get(f"/pets/{pet()}").get_json()["last_visit"] is None


def test_cancel(visit):
    assert client.delete(f"/visits/{visit}").status_code == 204
    assert client.get(f"/visits/{visit}").status_code == 404


def test_vets():
    assert len(client.get("/vets").get_json()) == 2
