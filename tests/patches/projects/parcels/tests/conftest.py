"""A client with a customer and an operator."""

import pytest
from fastapi.testclient import TestClient
from parcels import app as service
from parcels.tracking import Tracker


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setenv("PARCELS_OPERATOR_TOKEN", "for-tests")
    monkeypatch.setattr(service, "tracker", Tracker())
    client = TestClient(service.app)
    client.post(
        "/customers/c1", json={"name": "Ann Lee", "email": "ann@example.org", "street": "Quay 1", "zip": "80331"}
    )
    return client


@pytest.fixture
def operator():
    return {"Authorization": "Bearer for-tests"}
