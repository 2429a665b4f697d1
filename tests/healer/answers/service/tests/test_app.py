from app import app
from fastapi.testclient import TestClient

client = TestClient(app)


def test_the_targets_are_listed():
    assert client.get("/targets").json() == ["Saturn", "Vega", "M31"]


def test_a_target_at_its_highest():
    assert client.get("/targets/Vega/altitude", params={"hour": 21}).json() == {"target": "Vega", "degrees": 78.0}


def test_a_target_an_hour_later():
    assert client.get("/targets/saturn/altitude").json()["degrees"] == 33.3


def test_the_mean_of_the_sessions():
    assert client.get("/telescopes/dobson/usage").json() == {"telescope": "dobson", "minutes": 65.0}


def test_an_unknown_telescope():
    assert client.get("/telescopes/binoculars/usage").status_code == 404


def test_a_session_of_no_time():
    answer = client.post("/telescopes/dobson/sessions/0")
    assert answer.status_code == 422 and answer.json() == {"problem": "a session lasts at least a minute"}
