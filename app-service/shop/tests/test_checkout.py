import pytest


@pytest.mark.parametrize(
    ("lines", "query", "expected"),
    [
        ([("MUG-BLUE", 1)], "country=CH&express=true", ("12.50", "0.00", "21.90", "34.40")),
        ([("TEAPOT", 2)], "country=DE&express=true", ("68.00", "0.00", "11.90", "79.90")),
        ([("MUG-BLUE", 2)], "country=DE&coupon=FIVER", ("25.00", "5.00", "5.90", "25.90")),
    ],
)
def test_a_quote_adds_up(client, cart, lines, query, expected):
    quote = client.get(f"/carts/{cart(*lines)}/quote?{query}").json()
    assert (quote["goods"], quote["discount"], quote["shipping"], quote["total"]) == expected
    assert quote["gift_wrap"] == "0.00"


@pytest.mark.parametrize(
    ("lines", "query", "status", "detail"),
    [
        ([("MUG-BLUE", 1)], "country=DE&coupon=NONE", 404, "no such coupon: NONE"),
        ([("MUG-BLUE", 1)], "country=DE&coupon=FIVER", 409, "coupon FIVER needs goods for 25.00"),
        ([("MUG-BLUE", 1)], "country=PL&express=true", 422, "no express delivery to PL"),
        ([], "country=DE", 409, "the cart is empty"),
    ],
)
def test_what_cannot_be_sold_is_refused(client, cart, lines, query, status, detail):
    answer = client.get(f"/carts/{cart(*lines)}/quote?{query}")
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def test_checkout_places_an_order_and_takes_the_stock(client, cart):
    cart_id = cart(("TEAPOT", 2), ("MUG-RED", 1))
    body = {"email": "Ann@Example.com", "country": "DE", "coupon": "WELCOME10"}
    answer = client.post(f"/carts/{cart_id}/checkout", json=body)
    assert answer.status_code == 201
    order = answer.json()
    assert (order["email"], order["status"], order["total"]) == ("ann@example.com", "placed", "72.45")
    assert client.get(f"/orders/{order['id']}").json() == order
    assert client.get("/products/TEAPOT").json()["stock"] == 118
    assert client.get(f"/carts/{cart_id}").status_code == 404


def test_what_was_sold_meanwhile_is_refused(client, cart, order):
    cart_id = cart(("CLOCK-WALL", 3))
    order(("CLOCK-WALL", 3))
    answer = client.post(f"/carts/{cart_id}/checkout", json={"email": "bob@example.com", "country": "DE"})
    assert (answer.status_code, answer.json()) == (409, {"detail": "only 2 of CLOCK-WALL in stock"})
    assert client.get("/products/CLOCK-WALL").json()["stock"] == 2


def test_a_checkout_with_unusable_data_is_refused(client, cart):
    cart_id = cart(("MUG-BLUE", 1))
    answer = client.post(f"/carts/{cart_id}/checkout", json={"email": "ann", "country": "DE"})
    assert answer.status_code == 422
