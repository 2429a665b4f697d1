"""Completion as bash and zsh ask for it; what it offers comes from the real API, and what it costs is kept small."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from healer.cli import completing
from healer.model import State

from tests.healer.cli.conftest import Done, Served
from tests.healer.samples import a_report
from tests.healer.web.release_desk import OPERATOR

Complete = Callable[[str], list[str]]
# Of which each would take longer to load than the answer of the healer takes.
HEAVY = ("httpx", "pydantic", "rich.console", "sqlalchemy", "fastapi", "git", "healer.settings")
# What a shell would obey, were it part of a completion that is evaluated.
HOSTILE = "x\\$(touch owned)`touch owned`'\"; touch owned #\x1b[2J [red]"


@pytest.fixture
def bash(healer: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> Complete:
    def complete(line: str) -> list[str]:
        monkeypatch.setenv("_HEALER_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        done = healer()
        assert (done.code, done.err) == (0, "")
        return done.out.split()

    return complete


@pytest.fixture
def zsh(healer: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    def complete(line: str) -> str:
        monkeypatch.setenv("_HEALER_COMPLETE", "complete_zsh")
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        return healer().out

    return complete


def test_what_can_be_completed(served: Served, bash: Complete) -> None:
    store = served.desk.store
    ended = store.incidents.take(a_report(report_id="b" * 32), "b").id
    store.incidents.move(ended, State.DECLINED, expected=(State.OPEN,))
    first = served.desk.incident_id

    assert "incidents" in bash("healer inci")
    assert set(bash("healer show ")) == {first, ended}
    assert bash(f"healer show {ended[:4]}") == [ended]
    assert bash("healer approve ") == []
    assert bash("healer retry ") == [ended]
    assert bash("healer watch ") == [first]
    assert bash("healer releases ") == ["shop", "stock"]
    assert bash("healer rollback st") == ["stock"]
    assert bash("healer incidents --service s") == ["shop", "stock"]
    assert bash("healer incidents --state re") == ["repairing", "releasing", "resolved", "rejected", "regressed"]
    assert bash("healer incidents --state open,dec") == ["open,declined"]
    assert bash("healer incidents --order ") == ["last_seen", "first_seen", "count"]
    assert "report.received" in bash("healer audit list --type rep")
    assert bash("healer audit export --format ") == ["jsonl", "csv"]


def test_help_says_which_incident_it_is_and_the_shell_obeys_none_of_it(
    served: Served, zsh: Callable[[str], str]
) -> None:
    report = a_report(report_id="b" * 32)
    report = replace(report, exception=replace(report.exception, type=HOSTILE))
    hostile = served.desk.store.incidents.take(report, "b").id
    said = zsh("healer show ")
    assert f'"{served.desk.incident_id}":"open shop KeyError in read"' in said
    line = next(line for line in said.splitlines() if hostile in line)
    about = line.partition('":"')[2].partition('"')[0]
    assert about.startswith("open shop x touch owned  touch owned ".replace("x ", "x   ", 1))
    assert not set("\\$`'\";#()[]\x1b") & set(about)


def test_without_a_healer_nothing_is_offered_and_nothing_said(
    served: Served, bash: Complete, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bash("healer releases ") == ["shop", "stock"]
    for name, value in (
        ("HEALER_OPERATOR_TOKEN", "wrong"),
        ("HEALER_OPERATOR_TOKEN", ""),  # and no file that holds one
        ("HEALER_PORT", "1"),
        ("HEALER_PORT", "no number"),
        ("HEALER_URL", "http://["),
    ):
        with monkeypatch.context() as other:
            other.setenv(name, value)
            assert bash("healer releases ") == []
    token = tmp_path / "home" / "operator-token"
    assert not token.parent.exists()  # a completion makes no home
    token.parent.mkdir()
    token.write_text(f"{OPERATOR}\n")
    monkeypatch.delenv("HEALER_OPERATOR_TOKEN")
    assert bash("healer releases ") == ["shop", "stock"]
    monkeypatch.setattr(completing, "PATIENCE_SECONDS", 0.05)
    served.stop()
    assert bash("healer releases ") == []
    served.start()


def test_a_completion_loads_nothing_that_takes_its_time() -> None:
    script = f"import healer.cli, sys; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
