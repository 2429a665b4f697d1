"""DSNs good and bad, where settings come from, and the commit of a checkout."""

from __future__ import annotations

import logging
import re
import subprocess
from pathlib import Path

import pytest
from selfheal.hooks import beside
from selfheal.settings import HOOKS, commit_of, parse_dsn, read_settings


@pytest.mark.parametrize(
    ("text", "address", "path", "key"),
    [
        ("http://abc@127.0.0.1:8001/1", "http://127.0.0.1:8001", "/api/v1/reports", "abc"),
        (" https://abc@healer.test/shop/ ", "https://healer.test", "/api/v1/reports", "abc"),
        ("http://abc@h:1/pre/fix/3", "http://h:1", "/pre/fix/api/v1/reports", "abc"),
        ("http://abc@[::1]:8001/1", "http://[::1]:8001", "/api/v1/reports", "abc"),
        ("http://abc:old-secret@h/1", "http://h", "/api/v1/reports", "abc"),
    ],
)
def test_dsns(text: str, address: str, path: str, key: str) -> None:
    dsn = parse_dsn(text)
    assert (dsn.address, dsn.path, dsn.key) == (address, path, key)


@pytest.mark.parametrize(
    "text",
    [
        "abc.healer:8001",
        "ftp://abc@h/1",
        "http://h:8001/1",
        "http://abc@/1",
        "http://abc@h",
        "http://abc@h/",
        "http://abc@h:port/1",
        "http://abc@[::1/1",
    ],
)
def test_malformed_dsns_are_told_the_form_and_do_not_repeat_the_key(text: str) -> None:
    with pytest.raises(ValueError, match="http://<key>@host:port/<id>") as raised:
        parse_dsn(text)
    assert "abc" not in str(raised.value)


def test_arguments_win_over_the_environment(tmp_path: Path) -> None:
    environment = {
        "SELFHEAL_DSN": "http://env@h/1",
        "SELFHEAL_RELEASE": "r-env",
        "SELFHEAL_ENTRY": "env:app",
        "SELFHEAL_ROOT": str(tmp_path),
        "SELFHEAL_TRAFFIC": "off",
        "SELFHEAL_REDACT": "note, customer_name",
    }
    settings = read_settings({}, environment)
    assert settings.destination is not None
    dsn = settings.destination.find()
    assert dsn is not None
    assert dsn.key == "env"
    assert (settings.release, settings.entry, settings.root, settings.traffic) == (
        "r-env",
        "env:app",
        str(tmp_path),
        False,
    )
    assert settings.redact == ("note", "customer_name")
    given = read_settings({"dsn": "http://arg@h/1", "release": "r", "entry": "a:b", "traffic": True}, environment)
    assert given.destination is not None
    dsn = given.destination.find()
    assert dsn is not None
    assert (dsn.key, given.release, given.entry, given.traffic) == ("arg", "r", "a:b", True)


@pytest.mark.parametrize(
    ("given", "environment", "names", "patterns"),
    [
        (None, "", (), []),
        (None, "loyalty_no, /CUST-[0-9]{4,8}/,note ,", ("loyalty_no", "note"), ["CUST-[0-9]{4,8}"]),
        (None, r"/a\/b,c/,path/to", ("path/to",), [r"a\/b,c"]),
        (("note", "/x+/", re.compile("y+")), "ignored", ("note",), ["x+", "y+"]),
        ("note,/x+/", "", ("note",), ["x+"]),
        ((), "ignored", (), []),
    ],
)
def test_names_and_patterns_to_redact(given: object, environment: str, names: object, patterns: list[str]) -> None:
    settings = read_settings({"redact": given}, {"SELFHEAL_REDACT": environment})
    assert settings.redact == names
    assert [pattern.pattern for pattern in settings.patterns] == patterns


@pytest.mark.parametrize("rule", ["/un(closed/", "/x*/", 5, b"bytes", re.compile(b"bytes")])
def test_a_rule_that_cannot_be_used_is_said_and_left_out(rule: object, caplog: pytest.LogCaptureFixture) -> None:
    settings = read_settings({"redact": [rule, "note"]}, {})
    assert (settings.redact, settings.patterns) == (("note",), ())
    (record,) = caplog.records
    assert f"redact (SELFHEAL_REDACT): {rule!r} is left out: " in record.getMessage()


@pytest.mark.parametrize(
    ("given", "environment", "chosen"),
    [
        (None, "", HOOKS),
        (None, "on", HOOKS),
        (None, "off", ()),
        (None, "Thread, logging", ("thread", "logging")),
        (True, "off", HOOKS),
        (False, "", ()),
        ([], "", ()),
        (("asyncio",), "off", ("asyncio",)),
        ("asyncio", "", ("asyncio",)),
    ],
)
def test_hooks_are_all_on_unless_chosen(given: object, environment: str, chosen: tuple[str, ...]) -> None:
    assert read_settings({"hooks": given}, {"SELFHEAL_HOOKS": environment}).hooks == chosen


def test_the_hooks_of_the_settings_are_those_there_are() -> None:
    assert tuple(name for name, *_ in beside.ALL) == HOOKS


def test_a_dsn_file_may_come_later_and_may_change(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "shop.dsn"
    settings = read_settings({}, {"SELFHEAL_DSN_FILE": str(file)})
    assert settings.destination is not None
    with caplog.at_level(logging.WARNING, "selfheal"):
        assert settings.destination.find() is None
        assert settings.destination.find() is None
    assert len(caplog.records) == 1
    assert "SELFHEAL_DSN_FILE" in caplog.text
    file.write_text("http://first@h/1\n")
    first = settings.destination.find()
    file.write_text("http://second@h/1\n")
    second = settings.destination.find()
    assert first is not None
    assert second is not None
    assert (first.key, second.key) == ("first", "second")
    file.write_text("http://h/1")
    assert settings.destination.find() is None
    assert "http://<key>@host:port/<id>" in caplog.text


def test_the_release_is_the_commit_of_the_checkout(tmp_path: Path) -> None:
    def git(*arguments: str, folder: Path = tmp_path) -> str:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.test", *arguments]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()

    assert commit_of(str(tmp_path)) is None
    git("init", "-q", "-b", "main")
    assert commit_of(str(tmp_path)) is None
    git("commit", "-q", "--allow-empty", "-m", "one")
    head = git("rev-parse", "HEAD")
    assert commit_of(str(tmp_path)) == head
    git("pack-refs", "--all")
    assert commit_of(str(tmp_path)) == head
    git("worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    assert commit_of(str(tmp_path / "tree")) == head
    git("checkout", "-q", "--detach")
    assert commit_of(str(tmp_path)) == head
    assert read_settings({"root": str(tmp_path)}, {}).release == head
