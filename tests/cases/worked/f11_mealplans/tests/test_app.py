import json

import pytest
from starlette.testclient import TestClient

import app as service
import journal

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.PLANS.clear()


def test_plan():
    client.put("/plans/north/tue?dish=curry")
    client.put("/plans/north/mon?dish=lentils")
    assert client.get("/plans/north").json() == {"mon": "Lentil stew", "tue": "Pumpkin curry"}


def test_unknown_dish():
    assert client.put("/plans/north/mon?dish=pizza").status_code == 400


def test_unknown_day():
    assert client.put("/plans/north/sun?dish=curry").status_code == 404


def test_drop():
    client.put("/plans/north/mon?dish=curry")
    assert client.delete("/plans/north/mon").status_code == 204
    assert client.get("/plans/north/energy").json() == {"kcal": None}
    assert client.delete("/plans/north/mon").status_code == 404


def test_journal(tmp_path, monkeypatch):
    path = tmp_path / "journal"
    monkeypatch.setattr(journal, "PATH", str(path))
    client.put("/plans/north/mon?dish=curry")
    client.delete("/plans/north/mon")
    assert [json.loads(line)["dish"] for line in path.read_text().splitlines()] == ["curry", None]


def test_energy():
    client.put("/plans/north/mon?dish=curry")
    client.put("/plans/north/tue?dish=schnitzel")
    assert client.get("/plans/north/energy").json() == {"kcal": 745}
