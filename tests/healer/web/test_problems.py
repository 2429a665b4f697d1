"""What a database does not take is the asker's mistake, also where only the database finds it."""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from healer.edges.bus import Bus
from healer.edges.store import Store
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts
from healer.web.access import Access
from healer.web.application import Web, create_app

from tests.postgres import Postgres

ASKED = [
    ("GET", "/api/v1/incidents/a%00b"),
    ("POST", "/api/v1/incidents/a%00b/retry"),
    ("POST", "/api/v1/incidents/a%00b/approve"),
    ("POST", "/api/v1/services/shop/reverts/a%00b/approve"),
]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_nul_in_an_address_is_refused(kind: str, request: pytest.FixtureRequest, tmp_path: object) -> None:
    postgres: Postgres | None = request.getfixturevalue("postgres") if kind == "postgres" else None
    address = postgres.database() if postgres is not None else f"sqlite:///{tmp_path}/healer.db"
    with closing(Store(address)) as store:
        store.migrate()
        parts = Parts(store, {"shop": SimpleNamespace(name="shop", deployment=None)}, "", 0)  # type: ignore[dict-item]
        access = Access("operator", {}, "viewer", store)
        web = Web(parts, Dispatch(parts, None), Bus(), access, "", str)  # type: ignore[arg-type]
        http = TestClient(create_app(web, None), headers={"authorization": "Bearer operator"})  # type: ignore[arg-type]
        for method, path in ASKED:
            answer = http.request(method, path, json={} if method == "POST" else None)
            assert answer.status_code == (404 if kind == "sqlite" else 400), path
            assert answer.headers["content-type"] == "application/problem+json"
            assert "INSERT" not in answer.text.upper()
            assert "SELECT" not in answer.text.upper()
