"""A client with a known key and no articles."""

import pytest
from feeds import articles, config
from feeds.app import app
from starlette.testclient import TestClient


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setattr(config, "API_KEYS", {"key-for-tests"})
    monkeypatch.setattr(articles, "_articles", {})
    return TestClient(app)


@pytest.fixture
def key():
    return {"X-Api-Key": "key-for-tests"}
