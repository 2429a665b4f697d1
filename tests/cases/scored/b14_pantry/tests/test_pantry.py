import pytest

from app import app
from pantry import db

client = app.test_client()


@pytest.fixture(autouse=True)
def clean():
    db.Base.metadata.drop_all(db.engine)
    db.Base.metadata.create_all(db.engine)


def ingredient(name="flour", **kw):
    return client.post("/ingredients", json={"name": name, **kw})


def test_shelf_in_use():
    shelf = client.post("/shelves", json={"name": "top"}).get_json()
    ingredient(shelf_id=shelf["id"])
    answer = client.delete(f"/shelves/{shelf['id']}")
    assert answer.status_code == 409 and answer.get_json()["error"] == "conflict"


def test_empty_shelf():
    shelf = client.post("/shelves", json={"name": "top"}).get_json()
    assert client.delete(f"/shelves/{shelf['id']}").status_code == 204


def test_names_are_unique():
    assert ingredient().status_code == 201
    assert ingredient().status_code == 409


def test_recipe():
    ingredient()
    ingredient("butter")
    body = client.post("/recipes", json={"title": "Dough", "parts": {"flour": 300, "butter": 200}}).get_json()
    assert body["parts"] == [{"ingredient": "flour", "grams": 300}, {"ingredient": "butter", "grams": 200}]
    assert client.delete(f"/recipes/{body['id']}").status_code == 204


def test_recipe_of_nothing_known():
    assert client.post("/recipes", json={"title": "Dough", "parts": {"flour": 300}}).status_code == 400


def test_remove_ingredient():
    number = ingredient().get_json()["id"]
    assert client.delete(f"/ingredients/{number}").status_code == 204
    assert client.get(f"/ingredients/{number}").get_json()["error"] == "missing"
