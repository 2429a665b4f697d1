"""The supervisor's settings: flags, variables, and one clear line for each that is unusable."""

from __future__ import annotations

from pathlib import Path

import pytest
from selfheal.supervisor.settings import Settings, read_settings

NEEDED = {"SELFHEAL_APP": "shop.main:app", "SELFHEAL_RELEASES": "/r", "SELFHEAL_CONTROL": "/c.sock"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.__dataclass_fields__:
        monkeypatch.delenv("SELFHEAL_" + name.upper(), raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


def test_everything_can_come_from_the_environment_and_the_rest_has_defaults() -> None:
    assert read_settings([]) == Settings("shop.main:app", Path("/r"), Path("/c.sock"))


def test_a_flag_wins_over_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFHEAL_PORT", "9001")
    monkeypatch.setenv("SELFHEAL_DRAIN_SECONDS", "2.5")
    monkeypatch.setenv("SELFHEAL_HEALTH", "")
    given = read_settings(["--port", "9002", "--access-log", "no", "--control-mode", "0666"])
    assert (given.port, given.drain_seconds, given.health) == (9002, 2.5, None)
    assert (given.access_log, given.control_mode) == (False, 0o666)


def test_the_way_back_by_itself_can_be_turned_off() -> None:
    given = read_settings(["--probation-seconds", "0", "--hang-seconds", "0.0"])
    assert (given.probation_seconds, given.hang_seconds) == (0.0, 0.0)


def test_relative_paths_are_of_the_supervisors_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = read_settings(["--releases", "releases", "--control", "run/c.sock"])
    assert (given.releases, given.control) == (tmp_path / "releases", tmp_path / "run" / "c.sock")


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("SELFHEAL_APP", "", "--app (or SELFHEAL_APP) is missing"),
        ("SELFHEAL_RELEASES", "", "--releases (or SELFHEAL_RELEASES) is missing"),
        ("SELFHEAL_RELEASES", __file__, "is not a directory"),
        ("SELFHEAL_CONTROL", "", "--control (or SELFHEAL_CONTROL) is missing"),
        ("SELFHEAL_APP", "shop.main", "'shop.main' is not MODULE:ATTRIBUTE"),
        ("SELFHEAL_APP", "shop/main:app", "is not MODULE:ATTRIBUTE"),
        ("SELFHEAL_PORT", "http", "'http' is not a port"),
        ("SELFHEAL_PORT", "65536", "'65536' is not a port"),
        ("SELFHEAL_PORT", "-1", "'-1' is not a port"),
        ("SELFHEAL_HEALTH", "health", "'health' is not a path"),
        ("SELFHEAL_HEALTH", "/a b", "is not a path"),
        ("SELFHEAL_START_SECONDS", "soon", "'soon' is not a number of seconds"),
        ("SELFHEAL_START_SECONDS", "0", "is not a number of seconds"),
        ("SELFHEAL_DRAIN_SECONDS", "nan", "is not a number of seconds"),
        ("SELFHEAL_PROBATION_SECONDS", "-1", "is not a number of seconds"),
        ("SELFHEAL_HANG_SECONDS", "never", "is not a number of seconds"),
        ("SELFHEAL_WORKERS", "0", "'0' is not a number of processes"),
        ("SELFHEAL_WORKERS", "65", "is not a number of processes"),
        ("SELFHEAL_CONTROL_MODE", "999", "is not a file mode"),
        ("SELFHEAL_ACCESS_LOG", "maybe", "neither yes nor no"),
    ],
)
def test_an_unusable_setting_is_one_clear_line(
    variable: str, value: str, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as ended:
        read_settings([])
    printed = capsys.readouterr().err
    assert ended.value.code == 2
    assert line in printed
    assert printed.count("\n") == 1
