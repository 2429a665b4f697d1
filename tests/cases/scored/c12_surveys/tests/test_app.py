import pytest

import app as service

client = service.app.test_client()


@pytest.fixture(autouse=True)
def empty():
    for replies in service.REPLIES.values():
        replies.clear()


def reply(key="canteen", **data):
    return client.post(f"/surveys/{key}/replies", json=data)


def summary(name, key="canteen"):
    return client.get(f"/surveys/{key}/questions/{name}/summary").get_json()


def test_reply():
    assert reply(diet="vegan", visits=3).status_code == 201
    assert client.get("/surveys").get_json()[0]["replies"] == 1


def test_refused():
    assert reply(diet="vegan").get_json() == {"message": "visits is required"}
    assert reply(diet="cake", visits=1).status_code == 400
    assert reply(visits=1, colour="red").status_code == 400


def test_number_summary():
    reply(visits=2, price=4.5)
    reply(visits=5)
    assert summary("price") == {"question": "price", "answered": 1, "blank": 1, "figures": {"min": 4.5, "max": 4.5, "mean": 4.5}}


def test_choice_summary():
    for site in ("north", "south", "north"):
        reply("move", site=site)
    assert summary("site", "move")["figures"] == {"votes": {"north": 2, "south": 1}, "lead": 0.67}


def test_text_summary():
    reply(visits=1, comment="more soup")
    reply(visits=1)
    assert summary("comment")["figures"] == {"longest": 9, "samples": ["more soup"]}


def test_unknown():
    assert client.get("/surveys/x").status_code == 404
    assert client.get("/surveys/move/questions/x/summary").get_json() == {"message": "no such question"}
