"""Who is told what becomes of incidents, over real HTTP and from a real log: in order, all of it, and not too much."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from healer.edges import notify
from healer.edges.notify import Target, signed
from healer.model import State
from healer.pipeline import following, notifying
from healer.pipeline.following import STOP_SECONDS
from healer.pipeline.notifying import Notifying, Wish
from healer.pipeline.parts import Parts

from tests.healer.notified import a_receiver, counted, until
from tests.healer.samples import a_report

SECRET = "a-secret-of-some-length"
ALL = frozenset(State)
PROJECT = Path(__file__).parents[3]


@pytest.fixture
def receiver():
    with a_receiver() as made:
        yield made


@pytest.fixture(scope="module")
def forks():
    command = [sys.executable, "-m", "tests.healer.pipeline.notifier"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as running:
        yield running
        running.stdin.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(notifying, "FIRST_PAUSE", 0.01)
    notifying.MESSAGES.clear()


def tell(store, incident, to, reason="", before="open"):
    payload = {"from": before, "to": str(to), "reason": reason}
    store.log.append("incident.state", incident.id, payload, trace_id=incident.trace_id, ui_hint="execution")


@contextmanager
def telling(store, bus, *wishes):
    told = Notifying(Parts(store, {}, "http://healer.test:8001", 1), bus, wishes)
    told.start()
    try:
        yield
    finally:
        told.stop(time.monotonic() + STOP_SECONDS)


def a_wish(receiver, path="/hook?token=private", states=ALL, services=(), secret=SECRET, form="json", name="hook"):
    return Wish(Target(name, receiver.url + path, secret, form), frozenset(states), frozenset(services))


def came_to(target, outcome):
    return counted(notifying.MESSAGES, "healer_notifications_total", target=target, outcome=outcome)


def test_a_change_is_told_with_the_incident_and_signed(store, bus, receiver):
    incident = store.incidents.take(a_report(), "f")
    tell(store, incident, State.PROPOSED)  # before anybody follows: not told
    with telling(store, bus, a_wish(receiver)):
        tell(store, incident, State.DECLINED, "Nothing was found.", "repairing")
        until(lambda: receiver.received)
    (message,) = receiver.received
    event = store.log.of_key(incident.id)[-1]
    assert message.path == "/hook?token=private"
    assert message.json == {
        "id": message.delivery,
        "type": "incident.state",
        "incident": {
            "id": incident.id,
            "service": "shop",
            "title": "KeyError in read",
            "state": "declined",
            "reason": "Nothing was found.",
            "count": 1,
            "url": f"http://healer.test:8001/incidents/{incident.id}",
        },
        "from": "repairing",
        "to": "declined",
        "at": event.timestamp,
        "proposal": None,
    }
    assert re.fullmatch("[0-9a-f]{32}", message.delivery)
    stamp = int(message.headers["x-healer-timestamp"])
    assert abs(stamp - time.time()) < 5
    expected = signed(SECRET, message.body, message.delivery, stamp)["X-Healer-Signature-256"]
    assert message.headers["x-healer-signature-256"] == expected


def test_the_documented_check_takes_what_is_genuine_and_nothing_else():
    (example,) = re.findall(r"```python\n(.*?)```", (PROJECT / "docs" / "observing.md").read_text(), re.DOTALL)
    names = {}
    exec(example, names)
    genuine, now, body = names["genuine"], int(time.time()), b'{"id": "x"}'
    headers = signed(SECRET, body, "x", now)
    assert genuine(SECRET, headers, body)
    assert not genuine("another", headers, body)
    assert not genuine(SECRET, headers, body + b" ")
    assert not genuine(SECRET, {**headers, "X-Healer-Delivery": "y"}, body)
    assert not genuine(SECRET, {**headers, "X-Healer-Timestamp": str(now - 1)}, body)
    assert not genuine(SECRET, signed(SECRET, body, "x", now - 3600), body)


def test_only_what_is_wished_for_is_told(store, bus, receiver):
    shop = store.incidents.take(a_report(), "f")
    blog = store.incidents.take(a_report(report_id="b" * 32, service="blog"), "f")
    with telling(store, bus, a_wish(receiver, states=[State.RESOLVED], services=["blog"], secret="")):
        for incident in (shop, blog):
            tell(store, incident, State.PROPOSED)
            tell(store, incident, State.RESOLVED)
        until(lambda: receiver.received)
        time.sleep(0.05)
    (message,) = receiver.received
    assert (message.json["incident"]["service"], message.json["to"]) == ("blog", "resolved")
    assert "x-healer-signature-256" not in message.headers


def test_what_is_not_taken_is_sent_again_in_order_and_as_the_same(store, bus, receiver):
    incident = store.incidents.take(a_report(), "f")
    receiver.answers += [(500, {}), (302, {"location": "/elsewhere"}), (408, {}), (200, {})]
    with telling(store, bus, a_wish(receiver)):
        tell(store, incident, State.PROPOSED)
        tell(store, incident, State.REJECTED)
        until(lambda: len(receiver.received) == 5)
    assert [message.json["to"] for message in receiver.received] == ["proposed"] * 4 + ["rejected"]
    assert len({message.delivery for message in receiver.received}) == 2
    assert [came_to("hook", outcome) for outcome in ("sent", "failed", "retried")] == [2, 0, 3]


def test_a_target_that_asks_for_time_gets_it_within_reason(store, bus, receiver, monkeypatch):
    monkeypatch.setattr(notify, "LONGEST_WAIT", 0.3)
    incident = store.incidents.take(a_report(), "f")
    receiver.answers += [(429, {"retry-after": "3600"})]
    with telling(store, bus, a_wish(receiver)):
        began = time.monotonic()
        tell(store, incident, State.PROPOSED)
        until(lambda: len(receiver.received) == 2)
    assert time.monotonic() - began >= 0.3


def test_what_is_refused_for_good_is_given_up_and_said_without_the_address(store, bus, receiver, capfd, monkeypatch):
    monkeypatch.setattr(notifying, "WINDOW", 0.1)
    incident = store.incidents.take(a_report(), "f")
    receiver.answers += [(404, {})]
    with telling(store, bus, a_wish(receiver, "/T0/B0/private")):
        tell(store, incident, State.PROPOSED)
        tell(store, incident, State.RESOLVED)
        until(lambda: len(receiver.received) == 2)
    (failed,) = [event for event in store.log.after(0) if event.type == "notification.failed"]
    changed = next(event for event in store.log.after(0) if event.type == "incident.state")
    assert (failed.key, failed.payload) == (
        incident.id,
        {"target": "hook", "reason": "answered 404", "event": changed.id, "number": 1},
    )
    assert receiver.received[1].json["to"] == "resolved"  # alone in its window, it is told by itself
    assert came_to("hook", "failed") == 1
    assert "private" not in "".join(capfd.readouterr())
    assert "private" not in repr(a_wish(receiver, "/T0/B0/private"))


def test_a_target_that_refuses_everything_is_asked_once_a_window(store, bus, receiver, monkeypatch):
    monkeypatch.setattr(notifying, "WINDOW", 0.3)
    receiver.answers += [(404, {})] * 100
    incident = store.incidents.take(a_report(), "f")
    with telling(store, bus):
        pass
    with telling(store, bus, a_wish(receiver)):
        for _ in range(60):
            tell(store, incident, State.PROPOSED)
        until(lambda: came_to("hook", "failed") == 2)
        time.sleep(0.1)
    failed = [event.payload["number"] for event in store.log.after(0) if event.type == "notification.failed"]
    assert failed == [1, 59]
    assert len(receiver.received) == 2


def test_what_a_target_never_takes_is_given_up_after_a_day(store, bus, receiver, monkeypatch):
    incident = store.incidents.take(a_report(), "f")
    monkeypatch.setattr(notifying, "LONGEST_PAUSE", 0.02)
    receiver.answers += [(500, {})] * 10_000
    with telling(store, bus, a_wish(receiver)):
        tell(store, incident, State.PROPOSED)
        until(lambda: len(receiver.received) >= 3)
        assert came_to("hook", "failed") == 0
        monkeypatch.setattr(notifying, "PATIENCE", timedelta(0))
        until(lambda: came_to("hook", "failed") == 1)
    assert store.log.of_key(incident.id)[-1].type == "notification.failed"


def test_one_target_that_is_away_holds_up_no_other(store, bus, receiver):
    incident = store.incidents.take(a_report(), "f")
    away = Wish(Target("away", "http://127.0.0.1:9/"), ALL, frozenset())
    with telling(store, bus, away, a_wish(receiver)):
        for to in (State.PROPOSED, State.RESOLVED):
            tell(store, incident, to)
        until(lambda: len(receiver.received) == 2 and came_to("away", "retried"))


def test_however_many_hang_they_are_waited_for_together(store, bus, receiver):
    incident, go_on = store.incidents.take(a_report(), "f"), threading.Event()
    receiver.gate = lambda: go_on.wait(20)
    told = Notifying(Parts(store, {}, "", 1), bus, [a_wish(receiver, name=name) for name in "abc"])
    told.start()
    tell(store, incident, State.PROPOSED)
    until(lambda: len(receiver.received) == 3)
    began = time.monotonic()
    told.stop(began + 0.4)
    assert 0.4 <= time.monotonic() - began < 1.0
    go_on.set()


def test_a_flood_is_summed_up(store, bus, receiver, monkeypatch):
    monkeypatch.setattr(notifying, "A_MINUTE", 5)
    monkeypatch.setattr(notifying, "WINDOW", 0.6)
    incident = store.incidents.take(a_report(), "f")
    states = [State.PROPOSED, State.RESOLVED] * 23
    with telling(store, bus, a_wish(receiver)):
        pass
    for to in states:
        tell(store, incident, to)
    with telling(store, bus, a_wish(receiver)):
        until(lambda: len(receiver.received) == 6)
        tell(store, incident, State.REGRESSED)
        until(lambda: len(receiver.received) == 7)
    *single, more, last = [message.json for message in receiver.received]
    assert [one["to"] for one in single] == states[:5]
    assert (more["type"], more["number"], more["to"]) == ("incident.states", 41, {"proposed": 20, "resolved": 21})
    assert last["to"] == "regressed"


def test_no_two_targets_are_told_under_the_same_name(store, bus, receiver, monkeypatch):
    """Of the same events they may be told other things, and one receiver may be behind both."""
    monkeypatch.setattr(notifying, "A_MINUTE", 1)
    monkeypatch.setattr(notifying, "WINDOW", 0.2)
    wishes = [a_wish(receiver, name="shop", services=["shop"]), a_wish(receiver, name="blog", services=["blog"])]
    wishes.append(a_wish(receiver, name="all"))
    with telling(store, bus, *wishes):
        pass
    shop = store.incidents.take(a_report(), "f")
    blog = store.incidents.take(a_report(report_id="b" * 32, service="blog"), "g")
    for _ in range(3):
        for incident in (shop, blog):
            tell(store, incident, State.PROPOSED)
    with telling(store, bus, *wishes):
        until(lambda: len(receiver.received) == 6)
    sums = [message.json["number"] for message in receiver.received if "number" in message.json]
    assert sorted(sums) == [2, 2, 5]
    assert len({message.delivery for message in receiver.received}) == 6


def test_a_sum_of_what_is_deleted_is_not_sent(store, bus, receiver, monkeypatch):
    monkeypatch.setattr(notifying, "A_MINUTE", 1)
    monkeypatch.setattr(notifying, "WINDOW", 0.4)
    gone = store.incidents.take(a_report(), "f")
    with telling(store, bus, a_wish(receiver)):
        store.incidents.move(gone.id, State.DECLINED, expected=State)
        until(lambda: receiver.received)
        tell(store, gone, State.DECLINED)
        tell(store, gone, State.DECLINED)
        time.sleep(0.1)  # they wait for room now
        assert store.retention.over("9999").incidents == 1
        kept = store.incidents.take(a_report(report_id="b" * 32), "g")
        time.sleep(0.5)
        tell(store, kept, State.PROPOSED)
        until(lambda: len(receiver.received) == 2)
    assert receiver.received[1].json["incident"]["id"] == kept.id


@pytest.mark.parametrize("most", [1, 2])
def test_what_cannot_be_ticked_off_is_sent_again_as_the_same(store, bus, receiver, monkeypatch, most):
    """`most`: the message that is sent twice is a sum, or one change in the last place of the window."""
    monkeypatch.setattr(notifying, "A_MINUTE", most)
    monkeypatch.setattr(notifying, "WINDOW", 0.5)
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(following, "log", SimpleNamespace(exception=lambda *_, **__: None))  # which takes its time
    incident, ticked, failures = store.incidents.take(a_report(), "f"), store.marks.set, []
    with telling(store, bus, a_wish(receiver)):
        pass

    def tick(name, event_id):
        if name == "notification:hook" and len(receiver.received) == 2 and not failures:
            failures.append(tell(store, incident, State.REGRESSED))
            raise OSError("the database is away")
        ticked(name, event_id)

    monkeypatch.setattr(store.marks, "set", tick)
    for _ in range(3):
        tell(store, incident, State.PROPOSED)
    with telling(store, bus, a_wish(receiver)):
        until(lambda: len(receiver.received) == 4)
    first, second, again, last = receiver.received
    assert (again.delivery, again.body) == (second.delivery, second.body)
    assert [one.json.get("number", 1) for one in (first, second, last)] == ([1, 2, 1] if most == 1 else [1, 1, 2])


def test_who_is_told_no_more_and_then_again_begins_anew(store, bus, receiver):
    incident = store.incidents.take(a_report(), "f")
    for wishes in ([a_wish(receiver)], [], [a_wish(receiver)]):
        with telling(store, bus, *wishes):
            pass
        tell(store, incident, State.PROPOSED)
    with telling(store, bus, a_wish(receiver)):
        until(lambda: receiver.received)
        time.sleep(0.05)
    assert len(receiver.received) == 1  # of the two, the one after its return


def test_a_log_that_was_put_back_is_followed_from_its_end(store, bus, receiver):
    incident = store.incidents.take(a_report(), "f")
    store.marks.set("notification:hook", 10**6)
    with telling(store, bus, a_wish(receiver)):
        tell(store, incident, State.PROPOSED)
        until(lambda: receiver.received)


@pytest.mark.parametrize("most", [10_000, 1])
def test_no_kill_loses_one(store, receiver, forks, tmp_path, most):
    """`most`: messages in a window; 1: all but the first of each life are summed up."""
    chance = random.Random(9)
    incident = store.incidents.take(a_report(), "f")
    due = []

    def fork():
        forks.stdin.write(f"{receiver.url} {most} sqlite:///{tmp_path / 'healer.db'}\n")
        forks.stdin.flush()
        return int(forks.stdout.readline())

    def tell_three():
        for _ in range(3):
            due.append(str(len(due)))
            tell(store, incident, State.PROPOSED, due[-1])

    def gate():
        if most > 1 or "number" in receiver.received[-1].json:
            came.set()
            killed.wait(10)

    child = fork()
    until(lambda: store.marks.get("notification:hook") is not None)
    for _ in range(3):
        tell_three()
        time.sleep(chance.random() * 0.08)
        os.kill(child, signal.SIGKILL)
        came, killed = threading.Event(), threading.Event()
        receiver.gate = gate
        tell_three()
        child = fork()
        assert came.wait(10)
        os.kill(child, signal.SIGKILL)  # it has sent one, or a sum, and never learns what came of it
        killed.set()
        receiver.gate = lambda: None
        child = fork()
    until(lambda: store.marks.get("notification:hook") >= store.log.of_key(incident.id)[-1].id)
    os.kill(child, signal.SIGKILL)
    messages = {message.delivery: message.json for message in receiver.received}.values()
    assert sum(one.get("number", 1) for one in messages) == len(due)  # all of them, each under one name
    order = [one.get("at") or one["until"] for one in messages]
    assert order == sorted(order)
    alone = [one["incident"]["reason"] for one in messages if "incident" in one]
    assert alone == due if most > 1 else len(alone) < len(due)
    assert len(receiver.received) >= len(messages) + 3
