import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def clean():
    for flat in service.FLATS.values():
        flat["slots"].clear()


def offer(*slots, flat="elm-3", day="2024-06-03"):
    return client.post(f"/flats/{flat}/slots", json={"day": day, "slots": list(slots)})


def test_offer():
    assert offer("10:00-10:20", "09:00 - 09:20").get_json() == {"offered": 2}
    assert [s["from"] for s in client.get("/flats/elm-3/slots").get_json()] == ["09:00", "10:00"]


def test_bad_time():
    assert offer("25:00-26:00").status_code == 400


def test_backwards():
    assert offer("11:00-10:00").status_code == 400


def test_bad_day():
    assert offer("10:00-10:20", day="tomorrow").status_code == 400


def test_no_slots():
    assert offer().status_code == 400


def test_take():
    offer("10:00-10:20")
    url = "/flats/elm-3/slots/2024-06-03/10:00/visitor"
    assert client.put(url, json={"name": "Ada"}).get_json()["visitor"] == "Ada"
    assert client.put(url, json={"name": "Bo"}).status_code == 409


def test_unknown_flat():
    assert offer("10:00-10:20", flat="fir-9").status_code == 404
