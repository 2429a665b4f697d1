import pytest
from starlette.testclient import TestClient

from app import app, register

client = TestClient(app)


@pytest.fixture(autouse=True)
def clean():
    register.clear()


def add(kind, **body):
    return client.post(f"/{kind}", json=body).json()["id"]


def test_assign():
    s, a = add("sections", name="Alto 1", voice="alto"), add("singers", name="Ute", voice="alto")
    assert client.put(f"/singers/{a}/section", json={"section": s}).json()["section"] == "Alto 1"
    assert client.get("/singers?unassigned=1").json() == []


def test_wrong_voice():
    s, a = add("sections", name="Bass 2", voice="bass"), add("singers", name="Ute", voice="alto")
    assert client.put(f"/singers/{a}/section", json={"section": s}).status_code == 409


def test_unknown_section():
    a = add("singers", name="Ute", voice="alto")
    assert client.put(f"/singers/{a}/section", json={"section": 99}).status_code == 422


def test_project_over():
    p, a = add("projects", title="Mass in B minor"), add("singers", name="Ute", voice="alto")
    assert client.put(f"/singers/{a}/projects/{p}").json()["projects"] == ["Mass in B minor"]
    assert client.delete(f"/projects/{p}").status_code == 204
    assert client.get("/singers").json()[0]["projects"] == []


def test_empty_section_removed():
    s = add("sections", name="Tenor 2", voice="tenor")
    assert client.delete(f"/sections/{s}").status_code == 204
    assert client.delete(f"/sections/{s}").status_code == 404


def test_new_singer():
    add("singers", name="Jo", voice="tenor")
    assert client.get("/singers?unassigned=1").json()[0]["section"] is None
