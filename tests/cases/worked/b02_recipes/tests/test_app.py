import pytest

import app as service

client = service.app.test_client()

PANCAKES = {"title": "Pancakes", "servings": 2, "ingredients": [{"name": "flour", "amount": 150, "unit": "g"}, {"name": "egg", "amount": 1}]}
SALAD = {"title": "Salad", "ingredients": [{"name": "lettuce", "amount": 1}, {"name": "salt", "amount": None, "unit": "g"}]}


@pytest.fixture(autouse=True)
def clean():
    service.RECIPES.clear()


def put(recipe):
    return client.post("/recipes", json=recipe).get_json()["id"]


def test_scaled():
    number = put(PANCAKES)
    body = client.get(f"/recipes/{number}?servings=3").get_json()
    assert body["servings"] == 3 and [i["amount"] for i in body["ingredients"]] == [225, 1.5]


def test_as_written():
    number = put(SALAD)
    assert client.get(f"/recipes/{number}").get_json()["ingredients"][1]["amount"] is None


def test_card():
    assert client.get(f"/recipes/{put(SALAD)}/card").get_data(as_text=True) == "Salad\n\n1 piece lettuce\nsalt\n"


def test_shopping_list():
    a, b = put(PANCAKES), put(SALAD)
    body = client.get(f"/shopping-list?recipe={a}&recipe={b}&recipe={a}").get_json()
    assert body["by_eye"] == ["salt"] and {"name": "flour", "unit": "g", "amount": 300} in body["buy"]


def test_refused():
    assert client.post("/recipes", json={"title": "x", "ingredients": [{"name": "y", "amount": 0}]}).status_code == 400
    assert client.get(f"/recipes/{put(PANCAKES)}?servings=0").status_code == 400
    assert client.get("/recipes/999").get_json() == {"error": "no recipe 999"}
