import pytest

from app import app
from pets.store import store

client = app.test_client()


@pytest.fixture(autouse=True)
def clean():
    store.clear()


def sitter(name="Uma", fee=2000, stars=()):
    i = client.post("/sitters", json={"name": name, "animals": ["dog", "cat"], "fee": fee}).get_json()["id"]
    for n in stars:
        client.post(f"/sitters/{i}/stays", json={"pet": "Rex", "animal": "dog", "nights": 1})
        client.post(f"/sitters/{i}/reviews", json={"stars": n})
    return i


def test_profile():
    i = sitter(stars=(5, 4))
    assert client.get(f"/sitters/{i}").get_json() == {
        "id": i, "name": "Uma", "animals": ["cat", "dog"], "fee": 2000, "rating": 4.5, "reviews": 2,
    }


def test_stay():
    r = client.post(f"/sitters/{sitter()}/stays", json={"pet": "Rex", "animal": "dog", "nights": 8})
    assert r.get_json()["cents"] == 14000


def test_wrong_animal():
    assert client.post(f"/sitters/{sitter()}/stays", json={"pet": "Pip", "animal": "bird", "nights": 1}).status_code == 409


def test_review_without_stay():
    assert client.post(f"/sitters/{sitter()}/reviews", json={"stars": 5}).status_code == 409


def test_search():
    a, b = sitter(fee=3000, stars=(5,)), sitter(fee=2500)
    assert [s["id"] for s in client.get("/search?animal=cat").get_json()] == [b, a]
    assert [s["id"] for s in client.get("/search?animal=cat&stars=4.5").get_json()] == [a]


def test_unknown():
    assert client.get("/sitters/9").status_code == 404
