import pytest
from starlette.testclient import TestClient

import app as service

client = TestClient(service.app)
GOOD = "sku;name;price\nA1;Käse;12,50\nA2;Brot;3\n"


@pytest.fixture(autouse=True)
def clean():
    service.JOBS.clear()
    service.PRICES.clear()


def send(path, content, kind="text/csv"):
    return client.post(path, content=content, headers={"Content-Type": kind})


def test_import():
    r = send("/suppliers/nord/import", GOOD.encode())
    assert r.status_code == 201 and r.json()["state"] == "done" and r.json()["rows"] == 2
    assert client.get("/suppliers/nord/prices").json() == {"A1": 1250, "A2": 300}


def test_latin1_when_declared():
    assert send("/suppliers/nord/import", GOOD.encode("latin-1"), "text/csv; charset=ISO-8859-1").status_code == 201


def test_preview():
    r = send("/suppliers/nord/preview", b"\xef\xbb\xbf" + GOOD.encode())
    assert r.json()["rows"][0] == {"sku": "A1", "name": "Käse", "cents": 1250}
    assert client.get("/suppliers/nord/import").status_code == 404


def test_wrong_columns():
    r = send("/suppliers/nord/import", b"a;b\n1;2\n")
    assert r.status_code == 400
    assert client.get("/suppliers/nord/import").json()["state"] == "failed"


def test_unknown_charset():
    assert send("/suppliers/nord/import", b"x", "text/csv; charset=klingon").status_code == 415


def test_unknown_supplier_and_empty():
    assert send("/suppliers/zzz/import", b"x").status_code == 404
    assert send("/suppliers/acme/import", b" ").status_code == 400
