import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    service.RESERVATIONS.clear()


def book(slot="18:00-19:00", court="c1", member="Ines"):
    return client.post(f"/courts/{court}/reservations", json={"member": member, "slot": slot})


def test_book():
    assert book().status_code == 201
    assert [r["slot"] for r in client.get("/courts/c1/reservations").get_json()] == ["18:00-19:00"]


def test_taken():
    book()
    assert book("18:30-19:30").status_code == 409


def test_bad_slots():
    for slot in ("evening", "18:00", "19:00-18:00", "18:75-19:00", None):
        assert book(slot).status_code == 400


def test_closed():
    assert book("05:00-06:00").status_code == 400


def test_move():
    i = book().get_json()["id"]
    assert client.patch(f"/reservations/{i}", json={"slot": "18:30-19:30"}).get_json()["slot"] == "18:30-19:30"


def test_move_onto_another():
    book("20:00-21:00")
    i = book().get_json()["id"]
    assert client.patch(f"/reservations/{i}", json={"slot": "20:30-21:30"}).status_code == 409


def test_cancel():
    i = book().get_json()["id"]
    assert client.delete(f"/reservations/{i}").status_code == 204
    assert client.delete(f"/reservations/{i}").status_code == 404
