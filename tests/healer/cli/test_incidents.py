"""Incidents from the command line: what is printed of them, what is asked before a decision, what is refused."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from healer.cli import choices, client, deciding, printing
from healer.model import BadInput, Conflict, State
from healer.web import files

from tests.healer.cli.conftest import Done, Served
from tests.healer.samples import a_report
from tests.healer.web.release_desk import VIEWER

NO_UTF_8 = b"a\xff".decode(errors="surrogateescape")  # as Python has such an argument
HOSTILE = "[red]\x1b[2Jx" + "y" * 300
Run = Callable[..., Done]


class Terminal(io.StringIO):
    """What a person sits before."""

    def isatty(self) -> bool:
        return True


def reported(served: Served, name: str, state: State = State.OPEN, message: str = "'x'") -> str:
    report = a_report(report_id=name * 32)
    report = replace(report, exception=replace(report.exception, message=message))
    incident_id = served.desk.store.incidents.take(report, name).id
    if state is not State.OPEN:
        served.desk.store.incidents.move(incident_id, state, expected=(State.OPEN,))
    return incident_id


def test_incidents_are_found_by_what_they_are(served: Served, healer: Run) -> None:
    first, declined = served.desk.incident_id, reported(served, "b", State.DECLINED)

    def ids(*words: str) -> set[str]:
        return {item["id"] for item in json.loads(healer("incidents", *words, "--json").out)}

    assert ids() == {first, declined}
    assert ids("--state", "declined,rolled-back") == {declined}
    assert ids("--state", "declined", "--state", "open") == {first, declined}
    assert ids("--state", "Healed") == set()
    assert ids("--service", "stock") == set()
    assert ids("--search", declined) == {declined}
    assert len(ids("--limit", "1")) == 1
    listed = healer("incidents", "--limit", "1").out
    assert "1 of 2; --all lists all" in listed
    assert "No incident is like that" in healer("incidents", "--category", "nope").out


def test_a_state_may_have_the_word_that_the_page_has_for_it() -> None:
    words = Path(files.__file__).parent / "page" / "words.js"
    states, _, _ = words.read_text().partition("};")
    shown = dict(re.findall(r'^\t(\w+): \["([^"]+)"', states, re.MULTILINE))
    assert set(shown) == set(choices.STATES)
    assert {state: choices.state(word, "--state") for state, word in shown.items()} == {state: state for state in shown}
    with pytest.raises(BadInput, match="'healed'"):
        choices.chosen("healed", "--order", choices.ORDERS)


def test_where_there_is_nothing_to_choose_from_it_says_so() -> None:
    with pytest.raises(BadInput, match=r"--service: there is no 'nope'; there are none$"):
        choices.chosen("nope", "--service", ())


def test_all_are_listed_however_many_pages_they_take(
    served: Served, healer: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("healer.cli.incidents.MOST_AT_ONCE", 2)
    wanted = {served.desk.incident_id, *(reported(served, name) for name in "bcde")}
    found = [item["id"] for item in json.loads(healer("incidents", "--all", "--json").out)]
    assert (len(found), set(found)) == (5, wanted)
    assert len(json.loads(healer("incidents", "--limit", "3", "--json").out)) == 3


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (40, ["id", "state", "what"]),
        (60, ["id", "state", "what", "count", "last seen"]),
        (80, ["id", "state", "what", "count", "last seen"]),
        (110, ["id", "state", "what", "service", "count", "last seen", "origin", "healed in"]),
        (150, ["where", "last 24 hours", "healed in"]),
    ],
)
def test_a_row_is_one_line_at_any_width(
    served: Served, healer: Run, monkeypatch: pytest.MonkeyPatch, width: int, words: list[str]
) -> None:
    hostile = reported(served, "b", message=HOSTILE)
    served.desk.store.incidents.set(hostile, origin="[red]" + "o" * 80)
    monkeypatch.setenv("COLUMNS", str(width))
    shown = healer("incidents").out
    head, *rows = shown.rstrip("\n").splitlines()
    assert all(word in head for word in words)
    assert len(rows) == 2
    assert {row.split()[0] for row in rows} == {hostile, served.desk.incident_id}
    assert ("last seen" in head) == (width >= printing.NARROW)
    assert all(len(line) <= width for line in (head, *rows))
    assert "\x1b" not in shown


def test_blocks_are_shown_where_they_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printing.sparkline([0, 1, 4, 8]) == "▁▂▅█"
    assert printing.sparkline([0] * 24) == ""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert printing.sparkline([1, 2]) == ""


@pytest.mark.parametrize(
    ("closed", "code", "said"),
    [(">&-", 1, "healer: the standard output is closed"), ("2>&-", 0, "open"), ("2>&- --state nope", 2, "")],
)
def test_a_closed_stream_gives_no_traceback(served: Served, closed: str, code: int, said: str) -> None:
    given = {**os.environ, "COLUMNS": "100"}
    command = f"exec {sys.executable} -m healer.cli incidents {closed}"
    done = subprocess.run(["sh", "-c", command], env=given, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert printing.out().color_system is not None
    assert not printing.out().no_color
    monkeypatch.setenv("NO_COLOR", "1")
    assert printing.out().no_color
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert printing.out().color_system is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["incidents", "--state", "opne"], "--state: there is no 'opne'; did you mean 'open'?"),
        (["incidents", "--service", "shp"], "--service: there is no 'shp'; did you mean 'shop'?"),
        (["incidents", "--state", "heled"], "--state: there is no 'heled'; "),
        (["incidents", "--order", "counts"], "--order: there is no 'counts'; did you mean 'count'?"),
        (["watch", "--service", "shp"], "did you mean 'shop'?"),
        (["watch", "--until", "open"], "--until: it needs the incident"),
        (["releases", "shp"], "SERVICE: there is no 'shp'; did you mean 'shop'?"),
        (["releases", "a/b\n?"], "SERVICE: there is no 'a/b\\n?'; it is one of shop, stock"),
        (["revert", "approve", "shp", "abc"], "SERVICE: there is no 'shp'; did you mean 'shop'?"),
        (["show", NO_UTF_8], "id: 'a\\udcff' is no UTF-8"),
        (["watch", NO_UTF_8], "id: 'a\\udcff' is no UTF-8"),
        (["incidents", "--search", NO_UTF_8], "q: 'a\\udcff' is no UTF-8"),
        (["audit", "list", "--since", NO_UTF_8], "since: 'a\\udcff' is no UTF-8"),
        (["pause", "--reason", NO_UTF_8], "reason: 'a\\udcff' is no UTF-8"),
        (["releases", NO_UTF_8], "SERVICE: there is no 'a\\udcff'"),
        (["rollback", NO_UTF_8], "id: 'a\\udcff' is no UTF-8"),
        (["incidents", "--search", "x" * 70_000], "what was given does not fit into an address: "),
        (["audit", "export", "--format", "cvs"], "--format: there is no 'cvs'; did you mean 'csv'?"),
        (["audit", "list", "--since", "soon"], "'soon' is no time"),
        (["incidnts"], "Did you mean 'incidents'?"),
        (["incidents", "--stat", "open"], "--state"),
    ],
)
def test_what_is_not_known_is_told_with_what_is_probably_meant(
    served: Served, healer: Run, words: list[str], said: str
) -> None:
    done = healer(*words)
    assert (done.code, done.out) == (2, "")
    assert said in " ".join(done.err.split())
    assert "Traceback" not in done.err


def test_a_healer_that_cannot_be_asked_is_told_of(served: Served, healer: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEALER_OPERATOR_TOKEN", "none-of-this-healers")
    refused = healer("incidents")
    assert refused.code == 2
    for word in ("HEALER_OPERATOR_TOKEN", "operator-token in HEALER_HOME", f"http://127.0.0.1:{served.port}"):
        assert word in refused.err
    monkeypatch.setenv("HEALER_OPERATOR_TOKEN", VIEWER)
    assert healer("retry", served.desk.incident_id).code == 2
    monkeypatch.setenv("HEALER_PORT", "1")
    away = healer("incidents")
    assert (away.code, "http://127.0.0.1:1" in away.err, "healer serve" in away.err) == (1, True, True)
    monkeypatch.setattr(client.Client, "_send", lambda *_words: (_ for _ in ()).throw(PermissionError(13, "no", "/x")))
    broken = healer("incidents")
    assert (broken.code, broken.err) == (1, "healer: [Errno 13] no: '/x'\n")


def test_an_id_that_is_not_whole_is_told_with_the_candidates(
    served: Served, healer: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [served.desk.incident_id, *(reported(served, letter) for letter in "bcdeghijk")]
    many = [{"id": f"aa{incident_id}", "state": "open", "title": "KeyError in read"} for incident_id in ids]
    with monkeypatch.context() as patched:
        patched.setattr(client.Client, "get", lambda *_path, **_query: {"incidents": many})
        done = healer("show", "aa")
    assert (done.code, "more than 8 incidents begin with 'aa'; write more of the id" in done.err) == (1, True)
    assert sum(incident_id in done.err for incident_id in ids) == client.CANDIDATES
    assert "KeyError in read" in done.err
    assert healer("show", "zzz").err == "healer: no incident begins with 'zzz'; `healer incidents` lists them\n"
    assert healer("show", ids[3][:8]).code == 0


def test_an_empty_id_is_not_the_only_incident_that_there_is(served: Served, healer: Run) -> None:
    assert healer("show", served.desk.incident_id[:1]).code == 0
    for words in (
        ["approve", "", "--yes"],
        ["retry", ""],
        ["rollback", ""],
        ["watch", ""],
        ["watch", "", "--until", "open"],
    ):
        done = healer(*words)
        assert (done.code, done.out) == (2, "")
        assert done.err == "healer: the incident's id is empty; `healer incidents` lists them\n"


def test_what_has_no_proposal_is_not_merged_unseen(served: Served, healer: Run) -> None:
    incident_id = reported(served, "b")
    done = healer("approve", incident_id, "--yes")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"healer: {incident_id} is open and has no proposal yet; nothing was merged\n"


def test_a_merge_is_asked_about_on_a_terminal_only(
    served: Served, healer: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged: list[tuple[str, str]] = []

    def approve(incident_id: str, _by: str, head: str) -> object:
        merged.append((incident_id, head))
        return served.desk.store.incidents.get(incident_id)

    monkeypatch.setattr(served.desk.dispatch, "approve", approve, raising=False)
    incident_id, head = served.desk.incident_id, "a" * 40
    said = healer("approve", incident_id[:6])
    assert said.out.startswith(f"proposal #7 at {head[:10]}: Answer 409\n{incident_id}: approve accepted, now open\n")
    assert f"`healer watch {incident_id}` follows it" in said.out
    assert json.loads(healer("approve", incident_id, "--json").out) == {"incident_id": incident_id, "state": "open"}
    assert merged == [(incident_id, head)] * 2

    monkeypatch.setattr(deciding, "_is_terminal", lambda: True)
    for answer, sent in (("\n", 0), ("n\n", 0), ("", 0), ("y\n", 1)):
        merged.clear()
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        done = healer("approve", incident_id)
        assert "Merge it? [y/N]" in done.out
        assert "proposal #7 on healer/a-1" in done.out
        assert "+b" in done.out  # the diff
        assert (len(merged), done.code, "Nothing was done." in done.out) == (sent, 1 - sent, not sent)
    merged.clear()
    assert "Merge it?" not in healer("approve", incident_id, "--yes").out
    assert len(merged) == 1
    silent = healer("approve", incident_id, "--json")
    assert (silent.code, silent.out, "it needs --yes" in silent.err, len(merged)) == (2, "", True, 1)
    assert json.loads(healer("approve", incident_id, "--json", "--yes").out)["state"] == "open"


def test_a_state_that_does_not_allow_it_says_what_it_is(
    served: Served, healer: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_words: object) -> object:
        raise Conflict(f"retry needs an ended incident; {served.desk.incident_id} is open")

    monkeypatch.setattr(served.desk.dispatch, "retry", refuse, raising=False)
    done = healer("retry", served.desk.incident_id, "--hint", "x")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"healer: retry needs an ended incident; {served.desk.incident_id} is open\n"


def test_the_log_is_listed_newest_first(served: Served, healer: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    incident_id = served.desk.incident_id
    served.desk.store.log.append("log", "service/shop", {"text": HOSTILE}, trace_id="", ui_hint="execution")
    monkeypatch.setenv("COLUMNS", "80")
    rows = healer("audit", "list").out.splitlines()
    assert [row.split()[0] for row in rows[1:4]] == ["3", "2", "1"]
    assert "reported: KeyError: 'x'" in rows[3]
    assert all(len(row) <= 80 for row in rows)
    assert "\x1b" not in "".join(rows)
    with monkeypatch.context() as patched:
        patched.setenv("COLUMNS", "40")
        narrow = healer("audit", "list").out.splitlines()
    assert [row.split()[1] for row in narrow[2:4]] == [incident_id] * 2
    kept = json.loads(healer("audit", "list", "--incident", incident_id[:5], "--type", "report.received", "--json").out)
    assert [(event["id"], event["key"]) for event in kept] == [(2, incident_id)]
    assert len(kept[0]["digest"]) == 64
    assert [event["id"] for event in json.loads(healer("audit", "list", "--limit", "2", "--json").out)] == [3, 2]
    assert healer("audit", "list", "--by", "nobody").out == "No event is like that.\n"
    for number, of in ((1, "it"), (9, "9 state changes")):
        failed = {"target": "chat", "number": number, "reason": "410"}
        served.desk.store.log.append("notification.failed", incident_id, failed, trace_id="", ui_hint="execution")
        assert f"chat was not told of {of}: 410" in healer("audit", "list", "--limit", "1").out
