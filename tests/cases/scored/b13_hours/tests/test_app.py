import pytest

import store
from app import app

client = app.test_client()


@pytest.fixture(autouse=True)
def clean():
    store.MINUTES.clear()
    store.CLOSED.clear()


def write(name, day, minutes):
    return client.put(f"/people/{name}/days/{day}", json={"minutes": minutes})


def test_week():
    write("ada", "2024-02-12", 500)
    write("ada", "2024-02-18", 60)
    body = client.get("/people/ada/weeks/2024-W07").get_json()
    assert body["total"] == 560 and body["balance"] == 560 - 5 * 480 and len(body["days"]) == 7


def test_totals():
    write("ben", "2024-02-13", 300)
    body = client.get("/weeks/2024-W07").get_json()
    assert body["people"] == {"ada": 0, "ben": 300, "cleo": 0} and body["first"] == "2024-02-12" and body["last"] == "2024-02-18"


def test_closed_week():
    assert client.put("/weeks/2024-W07/closed").status_code == 200
    assert write("ada", "2024-02-12", 500).status_code == 409
    client.delete("/weeks/2024-W07/closed")
    assert write("ada", "2024-02-12", 500).status_code == 200


def test_not_a_week():
    for text in ("2024-W7", "2024-07", "2024-W60", "2024-W00"):
        answer = client.get(f"/weeks/{text}")
        assert answer.status_code == 400 and answer.get_json() == {"error": f"not a week: {text}"}


def test_unknown_person():
    assert client.get("/people/zoe/weeks/2024-W07").status_code == 404


def test_bad_day():
    assert write("ada", "2024-02-30", 10).status_code == 400
    assert write("ada", "2024-02-12", 1441).status_code == 400
