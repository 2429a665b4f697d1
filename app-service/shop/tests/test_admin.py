import pytest

MUG = {
    "sku": "MUG-GREEN",
    "name": "Mug, green",
    "category": "kitchen",
    "price": "13.00",
    "attributes": {"color": "green"},
}


def upload(client, admin, text):
    return client.post("/admin/prices", headers=admin, files={"file": ("prices.csv", text.encode(), "text/csv")})


def test_admin_routes_need_the_token(client):
    for path, headers in (("/admin/orders", {}), ("/admin/reports/stock", {"X-Admin-Token": "wrong"})):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.json()) == (403, {"detail": "admin token required"})


def test_a_product_is_added_once_and_deleted(client, admin):
    answer = client.post("/admin/products", headers=admin, json=MUG)
    assert answer.status_code == 201
    assert client.get("/products/MUG-GREEN").json() == answer.json()
    assert client.post("/admin/products", headers=admin, json=MUG).status_code == 409
    assert client.delete("/admin/products/MUG-GREEN", headers=admin).status_code == 204


def test_prices_are_imported(client, admin):
    answer = upload(client, admin, "sku,price\nMUG-BLUE,13.90\nMUG-RED,12.50\n")
    assert (answer.status_code, answer.json()) == (200, {"changed": 1})
    assert client.get("/products/MUG-BLUE").json()["price"] == "13.90"


def test_a_wrong_price_list_changes_nothing(client, admin):
    answer = upload(client, admin, "sku,price\nMUG-BLUE,13.90\nSPOON,1.00\n")
    assert (answer.status_code, answer.json()) == (422, {"detail": "line 3: no such product: SPOON"})
    assert client.get("/products/MUG-BLUE").json()["price"] == "12.50"


def test_a_coupon_is_put(client, admin, cart):
    body = {"kind": "amount", "value": "3.00", "expires_at": "2099-01-01T00:00:00Z"}
    answer = client.put("/admin/coupons/THREE", headers=admin, json=body)
    assert (answer.status_code, answer.json()["expires_at"]) == (200, "2099-01-01T00:00:00Z")
    quote = client.get(f"/carts/{cart(('MUG-BLUE', 1))}/quote?country=DE&coupon=THREE").json()
    assert quote["discount"] == "3.00"
    changed = client.put("/admin/coupons/THREE", headers=admin, json={"kind": "percent", "value": "50"})
    assert (changed.json()["kind"], changed.json()["expires_at"]) == ("percent", None)


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "percent", "value": "101"},
        {"kind": "amount", "value": "1.00", "expires_at": "2020-01-01T00:00:00+01:00"},
    ],
)
def test_a_coupon_that_cannot_be_used_is_refused(client, admin, body):
    assert client.put("/admin/coupons/NEW", headers=admin, json=body).status_code == 422


def test_orders_are_listed_by_state(client, admin, order):
    first, second = order(("MUG-BLUE", 1)), order(("TEAPOT", 1))
    client.post(f"/admin/orders/{first['id']}/ship", headers=admin)

    def ids(query):
        return [each["id"] for each in client.get(f"/admin/orders{query}", headers=admin).json()]

    assert ids("") == [second["id"]]
    assert ids("?status=shipped") == [first["id"]]
    assert ids("?status=placed,shipped") == [first["id"], second["id"]]
    assert client.post(f"/admin/orders/{first['id']}/ship", headers=admin).status_code == 409


def test_a_pick_list_goes_aisle_by_aisle(client, admin, order):
    placed = order(("TEAPOT", 1), ("LAMP-DESK", 1), ("MUG-BLUE", 2))
    answer = client.get(f"/admin/orders/{placed['id']}/pick-list", headers=admin)
    assert answer.json()["aisles"] == [
        {"aisle": "A", "picks": [{"sku": "MUG-BLUE", "quantity": 2}, {"sku": "TEAPOT", "quantity": 1}]},
        {"aisle": "C", "picks": [{"sku": "LAMP-DESK", "quantity": 1}]},
    ]
