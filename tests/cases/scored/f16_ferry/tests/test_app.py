import pytest

import app as service

client = service.app.test_client()
EXTRA = {"from": "Holm", "to": "Ytre", "departs": "21:15", "seats": 40}


@pytest.fixture(autouse=True)
def clean():
    for code in set(service.SAILINGS) - {"SK-0800", "HO-0930"}:
        del service.SAILINGS[code]
    for passengers in service.BOARD.values():
        passengers.clear()


def book(seats=1, code="SK-0800"):
    return client.post(f"/sailings/{code}/bookings", json={"name": "Siri", "seats": seats})


def test_book():
    assert book(3).get_json()["free"] == 117
    assert client.get("/sailings/SK-0800/manifest").get_json()["passengers"] == [{"name": "Siri", "seats": 3}]


def test_full():
    book(119)
    assert book(2).status_code == 409


def test_extra_sailing():
    assert client.put("/sailings/HO-2115", json=EXTRA).status_code == 201
    assert [s["code"] for s in client.get("/sailings?from=Holm").get_json()] == ["HO-0930", "HO-2115"]


def test_bad_sailing():
    assert client.put("/sailings/HO-2115", json={**EXTRA, "departs": "late"}).status_code == 400


def test_change():
    book(50)
    change = {"from": "Skarvik", "to": "Holm", "departs": "08:10", "seats": 49}
    assert client.put("/sailings/SK-0800", json=change).status_code == 409
    assert client.put("/sailings/SK-0800", json={**change, "seats": 120}).get_json()["departs"] == "08:10"


def test_cancel_booked():
    book()
    assert client.delete("/sailings/SK-0800").status_code == 409


def test_unknown():
    assert book(code="XX").status_code == 404
