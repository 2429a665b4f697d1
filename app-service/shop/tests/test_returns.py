def send_back(client, placed, line=0, **wishes):
    body = {"line_id": placed["lines"][line]["id"], "reason": "too small"} | wishes
    return client.post(f"/orders/{placed['id']}/returns", json=body)


def test_a_return_is_refunded_less_the_fee(client, order):
    placed = order(("HEADPHONES", 2))
    answer = send_back(client, placed)
    assert answer.status_code == 201
    opened = answer.json()
    assert (opened["sku"], opened["quantity"], opened["refund"]) == ("HEADPHONES", 1, "67.15")
    assert client.get(f"/returns/{opened['id']}").json() == opened
    assert client.get(f"/orders/{placed['id']}/returns").json() == [opened]


def test_no_more_than_was_bought_can_be_returned(client, order):
    placed = order(("TEAPOT", 1), ("MUG-BLUE", 2))
    assert send_back(client, placed, line=1).status_code == 201
    answer = send_back(client, placed, line=1, quantity=2)
    assert (answer.status_code, answer.json()) == (409, {"detail": "only 1 of MUG-BLUE left to return"})


def test_a_cancelled_order_cannot_be_returned(client, order):
    placed = order(("MUG-BLUE", 1))
    client.post(f"/orders/{placed['id']}/cancel")
    answer = send_back(client, placed)
    assert (answer.status_code, answer.json()) == (409, {"detail": f"order {placed['id']} is cancelled"})


def test_an_unknown_order_or_return_is_not_found(client):
    assert client.post("/orders/9/returns", json={"line_id": 1, "reason": "too small"}).status_code == 404
    answer = client.get("/returns/9")
    assert (answer.status_code, answer.json()) == (404, {"detail": "no such return: 9"})


def test_a_reason_is_needed(client, order):
    assert send_back(client, order(("MUG-BLUE", 1)), reason=" ").status_code == 422
