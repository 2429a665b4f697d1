import pytest


def test_lines_of_the_same_product_are_joined(client, cart):
    cart_id = cart(("MUG-BLUE", 2), ("TEAPOT", 1))
    shown = client.post(f"/carts/{cart_id}/lines", json={"sku": "MUG-BLUE"}).json()
    assert [(line["sku"], line["quantity"]) for line in shown["lines"]] == [("MUG-BLUE", 3), ("TEAPOT", 1)]
    assert shown["goods"] == "71.50"


def test_a_line_is_changed_and_removed(client, cart):
    cart_id = cart(("MUG-BLUE", 2))
    line = client.get(f"/carts/{cart_id}").json()["lines"][0]["id"]
    changed = client.patch(f"/carts/{cart_id}/lines/{line}", json={"quantity": 5})
    assert changed.json()["lines"][0]["quantity"] == 5
    assert client.delete(f"/carts/{cart_id}/lines/{line}").status_code == 204
    assert client.get(f"/carts/{cart_id}").json()["lines"] == []
    answer = client.delete(f"/carts/{cart_id}/lines/{line}")
    assert (answer.status_code, answer.json()) == (404, {"detail": f"no such line: {line}"})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"sku": "SPOON"}, 404),
        ({"sku": "MUG-BLUE", "quantity": 0}, 422),
    ],
)
def test_a_line_that_cannot_be_added_is_refused(client, cart, body, status):
    answer = client.post(f"/carts/{cart()}/lines", json=body)
    assert answer.status_code == status
    assert "detail" in answer.json()


def test_more_than_the_stock_is_refused(client, cart):
    cart_id = cart(("CLOCK-WALL", 3))
    answer = client.post(f"/carts/{cart_id}/lines", json={"sku": "CLOCK-WALL", "quantity": 3})
    assert (answer.status_code, answer.json()) == (409, {"detail": "only 5 of CLOCK-WALL in stock"})
    line = client.get(f"/carts/{cart_id}").json()["lines"][0]["id"]
    assert client.patch(f"/carts/{cart_id}/lines/{line}", json={"quantity": 6}).status_code == 409


def test_an_unknown_cart_is_not_found(client):
    assert client.get("/carts/none").status_code == 404
    assert client.post("/carts/none/lines", json={"sku": "MUG-BLUE"}).status_code == 404


def test_a_new_cart_is_empty(client):
    opened = client.post("/carts")
    assert opened.status_code == 201
    assert client.get(f"/carts/{opened.json()['id']}").json() == opened.json()
    assert opened.json()["lines"] == []
