"""Reservations over HTTP."""

import pytest

WISH = {"room": 12, "starts_at": "2999-05-01", "nights": 2, "coupon": "SPRING"}


def test_reserve(client, guest):
    answer = client.post("/reservations", json=WISH, headers=guest)
    assert answer.status_code == 201
    assert answer.json()["total"] == 144.0


def test_reserving_needs_a_user(client):
    assert client.post("/reservations", json=WISH).status_code == 401


@pytest.mark.parametrize("nights", [0, -1])
def test_a_stay_lasts_a_night(client, guest, nights):
    answer = client.post("/reservations", json={**WISH, "nights": nights}, headers=guest)
    assert answer.status_code == 422
    assert "last a night" in answer.json()["detail"]


def test_another_guest_sees_nothing(client, guest):
    from bookings.auth import User, token_for

    made = client.post("/reservations", json=WISH, headers=guest).json()["id"]
    other = {"Authorization": f"Bearer {token_for(User('Jon', 'guest'))}"}
    assert client.get(f"/reservations/{made}", headers=other).status_code == 403
