"""The overview's word on deployments: a real supervisor's socket where nobody answers holds up nobody."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog
from healer.edges.deployment import supervisor
from healer.edges.deployment.supervisor import SupervisorDeployment
from healer.model import Serving
from healer.web import standings
from healer.web.standings import Standings


@pytest.fixture
def hung(tmp_path: Path) -> Iterator[SupervisorDeployment]:
    """It accepts, and never answers."""
    with socket.socket(socket.AF_UNIX) as control:
        control.bind(str(tmp_path / "control"))
        control.listen()
        yield SupervisorDeployment(tmp_path, tmp_path / "control", "", python="python")


def test_one_that_fails_as_nobody_foresaw_hides_no_other(tmp_path: Path) -> None:
    def nested() -> Serving:
        raise RecursionError

    well = SimpleNamespace(serving=lambda: Serving(release="a" * 40, state="serving"))
    services = {"odd": SimpleNamespace(serving=nested), "well": well}
    with structlog.testing.capture_logs() as lines:
        said = Standings().of({name: SimpleNamespace(deployment=one) for name, one in services.items()})  # type: ignore[misc]
    assert [one["state"] for one in said.values()] == ["unreachable: the healer's log tells more", "serving"]
    assert [(line["service"], line["exc_info"]) for line in lines] == [("odd", True)]


def test_one_that_never_answers_holds_up_nobody(hung: SupervisorDeployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STATUS_SECONDS", 1.0)
    well = SimpleNamespace(serving=lambda: Serving(release="a" * 40, state="serving"))
    services = {f"hung{number}": SimpleNamespace(deployment=hung) for number in range(3)}
    services["well"] = SimpleNamespace(deployment=well)
    services["bare"] = SimpleNamespace(deployment=None)
    looks = Standings()

    def states() -> list[str]:
        begun = time.monotonic()
        said = looks.of(services)  # type: ignore[arg-type]
        assert time.monotonic() - begun < 0.9
        return [one["state"].partition(":")[0] for one in said.values()]

    assert states() == ["unknown"] * 3 + ["serving", "no deployment"]
    monkeypatch.setattr(standings, "PATIENCE", 0.1)  # who was asked before that is not waited for any more
    begun = time.monotonic()
    while states()[0] == "unknown":
        assert time.monotonic() - begun < 5
    assert states() == ["unreachable"] * 3 + ["serving", "no deployment"]
