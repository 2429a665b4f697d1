"""`healer watch` against the real event log and its stream, which may be away for a while."""

from __future__ import annotations

import functools
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from healer.cli import following
from healer.model import State

from tests.healer.cli.conftest import Done, Served
from tests.healer.cli.terminal import Terminal
from tests.healer.samples import a_report

Run = Callable[..., Done]
Later = Callable[..., None]
HOSTILE = "[red]\x1b[2Jx"
HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"  # the cursor


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "FIRST_PAUSE_SECONDS", 0.01)


def move(served: Served, *states: State) -> None:
    """As a heal does it: the state and the event that tells of it."""
    store, incident_id = served.desk.store, served.desk.incident_id
    for state in states:
        before = store.incidents.get(incident_id).state
        store.incidents.move(incident_id, state, expected=(before,), reason=HOSTILE)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Has something happen once the watching has begun."""
    actions: list[Callable[[], Any]] = []
    threads: list[threading.Thread] = []
    told = following.Following.next

    def begin(self: following.Following, seconds: float) -> following.News | None:
        while actions:
            threads.append(threading.Thread(target=actions.pop(0)))
            threads[-1].start()
        return told(self, seconds)

    monkeypatch.setattr(following.Following, "next", begin)
    yield lambda action, *words: actions.append(functools.partial(action, *words))
    for thread in threads:
        thread.join()


def test_an_incident_is_watched_until_it_is_healed(served: Served, healer: Run, later: Later) -> None:
    move(served, State.DIAGNOSING)
    later(move, served, State.REPAIRING, State.PROPOSED, State.MERGED, State.RELEASING, State.SOAKING, State.RESOLVED)
    done = healer("watch", served.desk.incident_id[:6], "--timeout", "20")
    first, *rows, last = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert first == f"{served.desk.incident_id}  shop  KeyError in read"
    told = [row[10:] for row in rows]
    assert told[:3] == ["reported: KeyError: 'x'", "report received", "open → diagnosing: [red] [2Jx"]
    assert [row.split(":")[0] for row in told[3:]] == [
        "diagnosing → repairing",
        "repairing → proposed",
        "proposed → merged",
        "merged → releasing",
        "releasing → soaking",
        "soaking → resolved",
    ]
    assert last.startswith("resolved in ")


@pytest.mark.parametrize(
    ("words", "code"),
    [((), 3), (("--until", "declined"), 0), (("--until", "diagnosing"), 0), (("--until", "merged"), 3)],
)
def test_how_it_ended_is_the_exit_code(
    served: Served, healer: Run, later: Later, words: tuple[str, ...], code: int
) -> None:
    later(move, served, State.DIAGNOSING, State.DECLINED)
    assert healer("watch", served.desk.incident_id, "--timeout", "20", *words).code == code


def test_a_state_that_this_attempt_had_passed_before_counts(served: Served, healer: Run) -> None:
    until = ("watch", served.desk.incident_id, "--timeout", "0.1", "--until")
    move(served, State.DIAGNOSING, State.REPAIRING)
    assert healer(*until, "proposed").code == 1
    passed = healer(*until, "diagnosing")
    assert (passed.code, passed.out.splitlines()[-1][:39]) == (0, "it was diagnosing, and is repairing: [r")
    move(served, State.DECLINED)
    assert healer(*until, "diagnosing").code == 0
    assert healer(*until, "proposed").code == 3
    move(served, State.OPEN)  # another attempt
    assert [healer(*until, state).code for state in ("diagnosing", "declined")] == [1, 1]
    move(served, State.RESOLVED, State.REGRESSED)
    assert healer(*until, "resolved").code == 3


def test_one_that_takes_too_long_is_given_up(served: Served, healer: Run) -> None:
    done = healer("watch", served.desk.incident_id, "--timeout", "0.1")
    assert (done.code, done.err) == (1, f"{served.desk.incident_id} is still open after 0.1 seconds\n")


def test_scripts_get_each_event_once_though_the_healer_was_away(served: Served, healer: Run, later: Later) -> None:
    incident_id = served.desk.incident_id

    def restart() -> None:
        served.stop()
        move(served, State.DIAGNOSING, State.REPAIRING)  # while nobody listens
        served.start()
        move(served, State.PROPOSED, State.REJECTED)

    later(restart)
    done = healer("watch", incident_id, "--json", "--timeout", "20")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["id"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert [event["payload"].get("to") for event in events[2:]] == ["diagnosing", "repairing", "proposed", "rejected"]
    assert done.code == 3
    away, *more = done.err.splitlines()  # on a busy machine it is lost once more before all has come
    assert ("trying again" in away, more[0]) == (True, "the healer is back; what happened meanwhile follows")


@pytest.mark.parametrize(("words", "about"), [((), {"incident", "other", "shop"}), (("--service", "stock"), {"other"})])
def test_everything_or_a_service_is_watched_until_it_is_interrupted(
    served: Served,
    healer: Run,
    later: Later,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    about: set[str],
) -> None:
    store = served.desk.store
    other = store.incidents.take(a_report(report_id="b" * 32, service="stock"), "b").id
    names = {served.desk.incident_id: "incident", other: "other", "shop": "shop"}
    until = time.monotonic() + 20
    told = following.Following.next

    def until_the_last(self: following.Following, seconds: float) -> following.News | None:
        news = told(self, seconds)
        if time.monotonic() > until or (last and news is None):
            raise KeyboardInterrupt
        if news is not None and news.event.get("payload", {}).get("text") == "last":
            last.append(news)
        return news

    def happen() -> None:
        move(served, State.DIAGNOSING)
        for key, text in (("service/shop", HOSTILE), (other, HOSTILE), (other, "last")):
            store.log.append("log", key, {"text": text}, trace_id="", ui_hint="execution")

    last: list[following.News] = []
    monkeypatch.setattr(following.Following, "next", until_the_last)
    later(happen)
    done = healer("watch", *words)
    assert (done.code, done.err) == (130, "")
    rows = [line.split("  ") for line in done.out.splitlines()]
    assert {names[row[1]] for row in rows if row[0][2:3] == ":"} == about
    assert [row[2] for row in rows if "log" in row[2]][-1] == "log: last"
    assert "\x1b" not in done.out


@pytest.mark.parametrize("words", [(), ("--service", "shop")])
@pytest.mark.parametrize("status", [429, 500, 502])
def test_what_cannot_be_asked_for_the_moment_is_asked_again(
    served: Served, status: int, words: tuple[str, ...]
) -> None:
    with closing(Terminal("watch", *words)) as terminal:
        terminal.until("KeyError in read")
        served.broken["/api/v1/incidents"] = status
        move(served, State.DIAGNOSING)
        terminal.until("open → diagnosing")
        while not served.refused:
            terminal.until("KeyError in read")  # it is drawn again and again
        served.broken.clear()
        move(served, State.REPAIRING)
        terminal.until("diagnosing → repairing")
        terminal.until("repairing\x1b")  # in the list


def test_an_incident_is_watched_on_though_it_cannot_be_looked_up(served: Served) -> None:
    move(served, State.DIAGNOSING, State.REPAIRING)
    with closing(Terminal("watch", served.desk.incident_id)) as terminal:
        terminal.until("repairing\x1b")
        served.broken[f"/api/v1/incidents/{served.desk.incident_id}"] = 502
        finished = {"stage": "repair", "seconds": 1.0, "detail": "", "ok": True}
        served.desk.store.log.append(
            "stage.finished", served.desk.incident_id, finished, trace_id="", ui_hint="execution"
        )
        move(served, State.DECLINED)
        assert terminal.ended() == 3
    assert served.refused == 1
    assert "repair took 1.0 s" in terminal.shown
    assert "declined: [red] [2Jx" in terminal.shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_terminal_is_left_as_it_was_and_shows_no_markup(served: Served, number: signal.Signals) -> None:
    move(served, State.DIAGNOSING, State.REPAIRING)
    with closing(Terminal("watch", served.desk.incident_id)) as terminal:
        terminal.until("repairing\x1b")
        move(served, State.PROPOSED)
        terminal.until("repairing → proposed: [red] [2Jx")
        terminal.until("proposed\x1b")
        terminal.process.send_signal(number)
        assert terminal.ended() == 128 + number
    for markup in ("[/]", "[yellow]", "[cyan]"):
        assert markup not in terminal.shown
    assert terminal.shown.rfind(SHOWN) > terminal.shown.rfind(HIDDEN) > 0


@pytest.mark.parametrize(("columns", "seen"), [(44, False), (80, True)])
def test_an_id_is_whole_at_any_width(served: Served, columns: int, seen: bool) -> None:
    with closing(Terminal("watch", columns=columns)) as terminal:
        terminal.until(served.desk.incident_id)
        terminal.until(f"{served.desk.incident_id} ")
        assert ("last seen" in terminal.shown) == seen
