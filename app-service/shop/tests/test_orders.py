def test_a_customer_sees_the_newest_order_first(client, order):
    first = order(("MUG-BLUE", 1))
    second = order(("TEAPOT", 1))
    shown = client.get("/orders?email=ann@example.com").json()
    assert [each["id"] for each in shown] == [second["id"], first["id"]]
    assert client.get("/orders/latest?email=ann@example.com").json()["id"] == second["id"]


def test_orders_are_filtered_by_time(client, order):
    order(("MUG-BLUE", 1))
    assert client.get("/orders?email=ann@example.com&since=2100-01-01T00:00:00").json() == []


def test_an_unknown_order_is_not_found(client):
    answer = client.get("/orders/77")
    assert (answer.status_code, answer.json()) == (404, {"detail": "no such order: 77"})
    assert client.get("/orders/0").status_code == 422


def test_a_cancelled_order_goes_back_into_stock_once(client, order):
    placed = order(("TEAPOT", 2))
    assert client.post(f"/orders/{placed['id']}/cancel").json()["status"] == "cancelled"
    assert client.get("/products/TEAPOT").json()["stock"] == 120
    again = client.post(f"/orders/{placed['id']}/cancel")
    assert (again.status_code, again.json()) == (409, {"detail": f"order {placed['id']} is cancelled"})


def test_a_shipped_order_can_be_tracked(client, order, admin):
    placed = order(("MUG-BLUE", 1))
    shipped = client.post(f"/admin/orders/{placed['id']}/ship", headers=admin).json()
    tracked = client.get(f"/tracking/{shipped['tracking_code']}").json()
    assert tracked == {"tracking_code": shipped["tracking_code"], "status": "shipped", "country": "DE"}
    assert client.post(f"/orders/{placed['id']}/cancel").status_code == 409
