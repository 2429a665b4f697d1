"""Rooms over HTTP."""


def test_show_room(client):
    answer = client.get("/rooms/12")
    assert answer.status_code == 200
    assert answer.json() == {"number": 12, "beds": 2, "price": 80.0, "reservations": 0}


def test_occupancy(client):
    answer = client.get("/rooms/12/occupancy", params={"since": "2999-05-01", "until": "2999-05-11"})
    assert answer.json() == {"room": 12, "share": 0.0}


def test_price_needs_an_administrator(client, guest):
    assert client.put("/rooms/12/price", json={"amount": 90, "reason": "sea"}, headers=guest).status_code == 403
