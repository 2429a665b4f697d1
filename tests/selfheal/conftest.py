"""A sink for reports, a client that is off again after the test, and a sandbox where it enforces enough."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import selfheal

from tests.selfheal.running_sandbox import RunningSandbox
from tests.selfheal.sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    server = Sink()
    yield server
    server.stop()


@pytest.fixture
def client_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The test may call selfheal.init(); nothing of this machine's environment reaches it."""
    for name in ("DSN", "DSN_FILE", "RELEASE", "ENTRY", "ROOT", "TRAFFIC", "SPOOL", "REDACT", "HOOKS"):
        monkeypatch.delenv(f"SELFHEAL_{name}", raising=False)
    yield
    for name in ("DSN", "DSN_FILE"):
        monkeypatch.delenv(f"SELFHEAL_{name}", raising=False)
    selfheal.init()


@pytest.fixture
def measured(sandbox: RunningSandbox, request: pytest.FixtureRequest) -> RunningSandbox:
    """The sandbox, where it enforces what the test's `needs` mark names."""
    missing = set(request.param) - sandbox.measures
    if missing:
        pytest.skip(f"not in force on this machine: {', '.join(sorted(missing))}")
    return sandbox
