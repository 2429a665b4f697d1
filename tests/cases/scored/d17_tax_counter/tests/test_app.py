import json

import pytest

import app as service

client = service.app.test_client()
TIN = "12345678901"


@pytest.fixture(autouse=True)
def journal(tmp_path, monkeypatch):
    service.RECEIVED.clear()
    monkeypatch.setenv("COUNTER_JOURNAL", str(tmp_path / "journal"))
    return tmp_path / "journal"


def take_in(form="E1", tin=TIN):
    return client.post("/receipts", json={"form": form, "tin": tin})


def test_receipt(journal):
    n = take_in().get_json()["number"]
    assert json.loads(journal.read_text()) == {"kind": "received", "number": n, "tin": TIN}
    assert client.get(f"/receipts/{n}").get_json()["form"] == "E1"


def test_withdraw(journal):
    n = take_in().get_json()["number"]
    assert client.post(f"/receipts/{n}/withdraw").get_json()["withdrawn"] is True
    assert client.post(f"/receipts/{n}/withdraw").status_code == 409
    assert len(journal.read_text().splitlines()) == 2


def test_refused(journal):
    assert take_in(form="Z9").status_code == 422
    assert take_in(tin="12").status_code == 422
    assert not journal.exists()


def test_of_taxpayer():
    take_in()
    assert len(client.get(f"/taxpayers/{TIN}/receipts").get_json()) == 1


def test_unknown():
    assert client.get("/receipts/9999").status_code == 404
