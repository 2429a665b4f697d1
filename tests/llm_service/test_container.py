"""The image's entry point: who it becomes, and what is left of root's powers. tests/compose tries it in the image."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from llm_service import container


def test_a_pull_is_the_owner_of_the_models_and_all_else_is_the_service(tmp_path: Path) -> None:
    owner = (os.geteuid(), tmp_path.stat().st_gid)
    assert container.identity(["pull", "--force"], tmp_path) == owner
    assert container.identity([], tmp_path) == (10001, 10001)
    assert container.identity(["--help", "pull"], tmp_path) == (10001, 10001)


def _status(steps: str) -> dict[str, str]:
    """The process's status after the steps and an exec, which is what gives a root its capabilities back."""
    script = (
        f"import os; from llm_service import container; {steps}; container.give_up_capabilities(); "
        "os.execv('/bin/cat', ['cat', '/proc/self/status'])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return dict(line.split(":\t", 1) for line in done.stdout.splitlines() if ":\t" in line)


@pytest.mark.parametrize("user", [None, 0, 10001])
def test_no_capability_outlives_the_step_down(user: int | None) -> None:
    if user is not None and os.geteuid() != 0:
        pytest.skip("only root can become another user")
    status = _status("pass" if user is None else f"container.step_down({user}, {user})")
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    if user is not None:
        assert status["Uid"].split() == status["Gid"].split() == [str(user)] * 4
        assert status["Groups"].split() == []


def test_it_does_not_go_on_as_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(_groups: list[int]) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "setgroups", refuse)
    monkeypatch.setattr(os, "execv", lambda *_arguments: pytest.fail("it went on"))
    with pytest.raises(SystemExit, match=r"cannot step down from root: .*Operation not permitted"):
        container.main([])


def test_it_does_not_go_on_with_a_capability_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "give_up_capabilities", lambda: container.require_none({"CapEff:": "00c0"}))
    monkeypatch.setattr(os, "geteuid", lambda: 10001)
    monkeypatch.setattr(os, "execv", lambda *_arguments: pytest.fail("it went on"))
    with pytest.raises(SystemExit, match=r"capabilities are left: \{'CapEff:': '00c0'\}"):
        container.main([])
