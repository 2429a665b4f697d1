"""Real stores: on SQLite, and on Postgres where a test asks for it or HEALER_TEST_POSTGRES is set for all of them."""

from __future__ import annotations

import os
import shutil

import pytest
from healer.edges.store import Store


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """A SQLite file with all tables."""
    file = tmp_path_factory.mktemp("store") / "healer.db"
    _made(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def empty_on_postgres(postgres):
    """The address of a database with all tables."""
    return _made(postgres.database())


@pytest.fixture
def store(request, tmp_path):
    on_postgres = getattr(request, "param", "") == "postgres" or os.environ.get("HEALER_TEST_POSTGRES")
    if on_postgres:
        url = request.getfixturevalue("postgres").database(like=request.getfixturevalue("empty_on_postgres"))
    else:
        url = f"sqlite:///{shutil.copy(request.getfixturevalue('empty'), tmp_path)}"
    made = Store(url, audit_key="key")
    yield made
    made.close()


def _made(url: str) -> str:
    store = Store(url, audit_key="key")
    store.migrate()
    store.close()
    return url
