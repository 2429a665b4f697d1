import pytest
from fastapi.testclient import TestClient

import app as service

client = TestClient(service.app)


@pytest.fixture(autouse=True)
def clean():
    service.COUPONS.clear()
    service.USED.clear()


def add(**kw):
    return client.post("/coupons", json={"code": "SPRING10", "kind": "percent", "value": 10, "minimum": 1000, "until": "2024-05-31", **kw})


def bill(cents=2550, day="2024-05-01", where="check", code="SPRING10"):
    return client.post(f"/{where}", json={"code": code, "cents": cents, "day": day})


def test_check():
    add()
    assert bill().json() == {"ok": True, "reason": None, "off": 255, "pay": 2295}


def test_too_small():
    add()
    assert bill(999).json()["reason"] == "bill is too small"
    assert bill(1000).json()["ok"] is True


def test_expired():
    add()
    assert bill(day="2024-06-01", where="redeem").status_code == 409


def test_used_up():
    add(uses=1, kind="cents", value=300)
    assert bill(where="redeem").json() == {"off": 300, "pay": 2250}
    assert bill(where="redeem").json() == {"detail": "used up"}


def test_unknown():
    assert bill(code="NOPE").status_code == 404


def test_add():
    assert add(value=101).status_code == 422
    assert add().status_code == 201
    assert add().status_code == 409


def test_book():
    add()
    add(code="ALWAYS", until=None)
    assert client.get("/coupons?day=2025-01-01").json() == ["ALWAYS"]
