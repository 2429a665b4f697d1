"""`healer audit` over a log in a home of its own: what it says, and with which exit code."""

import csv
import io
import json
import sqlite3
from contextlib import closing

import pytest
from healer.cli import app
from healer.edges.store import Store
from healer.model import BadInput
from healer.settings import load_settings
from typer.testing import CliRunner


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEALER_HOME", str(tmp_path / "home"))
    settings = load_settings()
    key = settings.audit_key.get_secret_value()
    with closing(Store(settings.database, audit_key=key, audit_head=settings.audit_head)) as made:
        made.migrate()
        made.log.append("operator.approve", "abc123", {"by": "operator", "n": 1}, trace_id="t1", ui_hint="control")
        made.log.append("=1+1", "abd456", {"text": "\x1b[2J\n"}, trace_id="@SUM(A1)", ui_hint="control")
        yield made


def run(*words: str):
    return CliRunner().invoke(app, ["audit", *words])


def rows(*words: str) -> list[dict]:
    return [json.loads(line) for line in run("export", *words).stdout.splitlines()]


def test_a_whole_log_is_said_to_be_whole_while_the_healer_writes_and_afterwards(store):
    said = run("verify")
    assert (said.exit_code, said.stdout.startswith("whole: 2 events, the last is number 2")) == (0, True)
    store.close()
    found = json.loads(run("verify", "--json").stdout)
    assert (found["whole"], found["events"], found["flaw"]) == (True, 2, None)
    assert found["digest"] == rows()[-1]["digest"]


def test_a_broken_log_is_exit_code_3_and_names_the_event(store, tmp_path):
    with closing(sqlite3.connect(tmp_path / "home" / "healer.db", isolation_level=None)) as raw:
        raw.execute("drop trigger events_unchanged")
        raw.execute("""update events set payload = '{"by": "nobody"}' where id = 1""")
    said = run("verify")
    assert (said.exit_code, said.stdout) == (3, "broken: event 1 was changed (changed)\n")
    said = run("verify", "--json")
    assert said.exit_code == 3
    assert json.loads(said.stdout)["flaw"] == {"kind": "changed", "event": 1, "detail": "event 1 was changed"}


def test_what_cannot_be_told_of_older_events_is_said(store, tmp_path):
    store.close()
    (tmp_path / "home" / "audit-head").unlink()
    settings = load_settings()
    key = settings.audit_key.get_secret_value()
    with closing(Store(settings.database, audit_key=key, audit_head=settings.audit_head)) as again:
        again.migrate()
    assert "whether the log went on after event 2 before that cannot be told" in run("verify").stdout


def test_no_log_is_unusable(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEALER_HOME", str(tmp_path / "home"))
    said = run("verify")
    assert isinstance(said.exception, BadInput)  # which the command line turns into exit code 2 and one line
    assert "healer.db" in str(said.exception)


def test_events_are_exported_by_incident_and_time(store):
    everything = rows()
    assert [(row["id"], row["type"], row["payload"].get("by")) for row in everything] == [
        (1, "operator.approve", "operator"),
        (2, "=1+1", None),
    ]
    assert all(len(row["digest"]) == 64 for row in everything)
    assert [row["id"] for row in rows("--incident", "abc")] == [1]
    assert rows("--incident", "ab%") == []
    second = everything[1]["timestamp"]
    assert [row["id"] for row in rows("--since", second)] == [2]
    assert [row["id"] for row in rows("--since", second.replace("Z", "+00:00"))] == [2]
    assert rows("--since", "2999-01-01") == []
    assert len(rows("--since", "2020-01-01T00:00+09:00")) == 2
    for words, name in (
        (("--since", "yesterday"), "--since: 'yesterday'"),
        (("--format", "xml"), "--format: there is no 'xml'"),
    ):
        assert name in str(run("export", *words).exception)


def test_no_cell_of_the_csv_is_a_formula(store):
    text = run("export", "--format", "csv").stdout
    first, second = csv.DictReader(io.StringIO(text))
    assert (first["type"], json.loads(first["payload"])) == ("operator.approve", {"by": "operator", "n": 1})
    assert (second["type"], second["trace_id"]) == ("'=1+1", "'@SUM(A1)")
    assert json.loads(second["payload"]) == {"text": "\x1b[2J\n"}
    assert "\x1b" not in text
