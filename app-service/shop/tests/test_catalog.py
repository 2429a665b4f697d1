import pytest


def skus(answer):
    assert answer.status_code == 200, answer.text
    return [item["sku"] for item in answer.json()["items"]]


def test_health(client):
    assert client.get("/health").json() == {"status": "ok"}


def test_a_product_is_shown_with_its_return_days(client):
    mug = client.get("/products/MUG-BLUE").json()
    assert mug["price"] == "12.50"
    assert mug["return_days"] == 30
    assert mug["attributes"] == {"color": "blue"}
    assert client.get("/products/EARRINGS").json()["return_days"] == 0


def test_an_unknown_product_is_not_found(client):
    answer = client.get("/products/SPOON")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "no such product: SPOON"}


def test_products_come_in_pages(client):
    first = client.get("/products?size=10").json()
    assert (first["page"], first["pages"], first["total"], len(first["items"])) == (1, 2, 14, 10)
    second = client.get("/products?size=10&page=2").json()
    assert len(second["items"]) == 4


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("attribute=color: grey", ["BLANKET"]),
        ("category=kitchen&attribute=color:red", ["MUG-RED"]),
        ("category=garden", []),
    ],
)
def test_products_are_filtered(client, query, expected):
    assert skus(client.get(f"/products?{query}")) == expected


@pytest.mark.parametrize("query", ["page=0", "attribute=red"])
def test_a_query_that_cannot_be_used_is_refused(client, query):
    assert client.get(f"/products?{query}").status_code == 422


def test_categories_are_counted(client):
    assert client.get("/categories").json() == {"electronics": 2, "gifts": 1, "home": 5, "jewellery": 1, "kitchen": 5}
