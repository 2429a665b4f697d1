"""Delivery to a real server: counts, outages, refusals, forks, ends of processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from selfheal.delivery import Delivery
from selfheal.settings import Dsn, parse_dsn
from selfheal.spool import Spool

from tests.selfheal.sink import Sink


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def report(delivery: Delivery, key: str) -> None:
    """As the client does: count it, or hand over a report of its own."""
    if not delivery.count(key):
        identifier = os.urandom(16).hex()
        delivery.submit(key, identifier, lambda: json.dumps({"report_id": identifier, "key": key}).encode()[:-1])


def counts(sink: Sink) -> dict[str, int]:
    """By key, as a healer counts: a report that comes twice is one. What was lost is under its reason."""
    found: Counter[str] = Counter()
    for entry in {entry["report_id"]: entry for entry in reversed(sink.reports)}.values():
        found[entry["key"]] += 1 + entry["suppressed"]
        found.update(entry["lost"])
    return dict(found)


class Target:
    """A DSN that a test can change, as a rewritten DSN file does."""

    def __init__(self, dsn: str | None) -> None:
        self.dsn = parse_dsn(dsn) if dsn else None

    def find(self) -> Dsn | None:
        return self.dsn


@pytest.fixture
def delivery(sink: Sink) -> Iterator[Delivery]:
    made = Delivery(Target(sink.dsn).find, first_wait=0.02)
    yield made
    made.close(1.0)


def test_a_report_goes_where_the_dsn_says_with_its_key(sink: Sink, delivery: Delivery) -> None:
    report(delivery, "a")
    sink.wait(1)
    path, headers, _ = sink.requests[0]
    assert path == "/api/v1/reports"
    assert headers["x-selfheal-key"] == "the-report-key"
    assert headers["content-type"] == "application/json"


def test_the_same_crash_again_is_counted_and_not_sent_at_once(sink: Sink, delivery: Delivery) -> None:
    report(delivery, "a")
    sink.wait(1)
    for _ in range(500):
        report(delivery, "a")
    report(delivery, "b")
    assert delivery.flush(5)
    assert counts(sink) == {"a": 501, "b": 1}
    assert len(sink.requests) <= 3


def test_a_kept_report_goes_out_when_the_quiet_time_ends(sink: Sink) -> None:
    delivery = Delivery(Target(sink.dsn).find, quiet=0.05)
    report(delivery, "a")
    sink.wait(1)
    report(delivery, "a")
    report(delivery, "a")
    sink.wait(2)  # nobody flushes
    assert counts(sink) == {"a": 3}
    delivery.close(1)


def test_an_outage_loses_no_bug_and_no_count_and_what_is_over_the_bound_is_told() -> None:
    port = free_port()
    delivery = Delivery(Target(f"http://k@127.0.0.1:{port}/1").find, first_wait=0.02)
    for number in range(1000):
        report(delivery, f"bug-{number}")
    for number in range(1230):
        report(delivery, f"bug-{number}")
    assert not delivery.flush(0.2, patient=False)
    sink = Sink(port)
    assert delivery.flush(60)
    told = counts(sink)
    assert sum(told.values()) == 2230
    assert told["full"] == delivery.lost > 0
    assert {told[f"bug-{number}"] for number in range(1000)} == {2}
    delivery.close(1)
    sink.stop()


def test_crashes_that_happen_while_their_report_is_on_its_way_are_counted(sink: Sink, delivery: Delivery) -> None:
    sink.answers.append((503, {}))
    sink.open.clear()
    report(delivery, "a")
    assert sink.arrived.wait(5)
    for _ in range(3):
        report(delivery, "a")
    sink.open.set()
    assert delivery.flush(5)
    assert counts(sink) == {"a": 4}


def test_what_is_counted_after_a_report_was_sent_does_not_change_it(sink: Sink) -> None:
    """It may have been taken although no answer came, and then a healer takes nothing more from one of its id."""
    delivery = Delivery(Target(sink.dsn).find, first_wait=0.02, timeout=0.2)
    sink.open.clear()
    report(delivery, "a")
    assert sink.arrived.wait(5)
    while not delivery._failures:  # the answer is too late
        time.sleep(0.01)
    for _ in range(3):
        report(delivery, "a")
    sink.open.set()
    assert delivery.flush(5)
    assert counts(sink) == {"a": 4}
    assert len(sink.reports) > len({entry["report_id"] for entry in sink.reports}) == 2
    delivery.close(1)


def test_a_dsn_that_is_not_there_yet_is_waited_for(sink: Sink) -> None:
    target = Target(None)
    delivery = Delivery(target.find, first_wait=0.02)
    report(delivery, "a")
    assert not delivery.flush(0.1, patient=False)
    target.dsn = parse_dsn(sink.dsn)
    sink.wait(1)
    delivery.close(1)


def test_an_overloaded_healer_is_asked_again_when_it_says(sink: Sink, delivery: Delivery) -> None:
    sink.answers.extend([(429, {"Retry-After": "0.3"}), (503, {}), (202, {})])
    begin = time.monotonic()
    report(delivery, "a")
    sink.wait(3)
    assert time.monotonic() - begin >= 0.3
    assert {entry["report_id"] for entry in sink.reports} == {sink.reports[0]["report_id"]}
    assert delivery.flush(2)


@pytest.mark.parametrize("status", [400, 413])
def test_a_refused_report_is_dropped_and_told_with_the_next(sink: Sink, delivery: Delivery, status: int) -> None:
    sink.answers.append((status, {}))
    sink.open.clear()
    report(delivery, "a")
    assert sink.arrived.wait(5)
    report(delivery, "b")
    sink.open.set()
    assert delivery.flush(5)
    assert [entry["lost"] for entry in sink.reports] == [{}, {"refused": 1}]
    assert delivery.lost == 1


def test_one_report_that_the_healer_cannot_digest_does_not_stop_the_others(sink: Sink, delivery: Delivery) -> None:
    sink.answers.append((500, {}))
    report(delivery, "a")
    report(delivery, "b")
    assert delivery.flush(5)
    assert counts(sink) == {"a": 1, "b": 1}
    assert [entry["key"] for entry in sink.reports] == ["a", "b", "a"]


def test_a_report_that_cannot_be_written_harms_no_other(sink: Sink, delivery: Delivery) -> None:
    def fail() -> bytes:
        raise ValueError("no")

    delivery.submit("bad", "0" * 32, fail)
    report(delivery, "good")
    assert delivery.flush(5)
    assert counts(sink) == {"good": 1, "unwritten": 1}


def test_reports_of_many_threads_are_counted_exactly(sink: Sink) -> None:
    """Some are sent at once, some refused for a while, some sent after the quiet time, all while others come."""
    delivery = Delivery(Target(sink.dsn).find, first_wait=0.01, quiet=0.03)
    sink.answers.extend([(202, {}), (500, {}), (429, {}), (202, {}), (503, {})])

    def work() -> None:
        for number in range(1000):
            report(delivery, f"bug-{number % 3}")

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert delivery.flush(10)
    assert counts(sink) == {"bug-0": 3340, "bug-1": 3330, "bug-2": 3330}
    delivery.close(1)


def test_a_report_during_a_report_is_one_more(sink: Sink, delivery: Delivery) -> None:
    def write() -> bytes:
        report(delivery, "inner")
        return b'{"report_id":"outer","key":"outer"'

    delivery.submit("outer", "0" * 32, write)
    assert delivery.flush(5)
    assert counts(sink) == {"outer": 1, "inner": 1}


def test_a_signal_handler_reports_whatever_its_thread_is_doing(sink: Sink, delivery: Delivery) -> None:
    handled = 0

    def handle(*_: object) -> None:
        nonlocal handled
        handled += 1
        report(delivery, f"signal-{handled % 7}")

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    reported = 0
    try:
        while handled < 150:
            report(delivery, f"bug-{reported % 7}")
            reported += 1
            delivery.flush(0.002)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert delivery.flush(10)
    assert sum(counts(sink).values()) == handled + reported


def test_neither_a_stuck_log_nor_a_stuck_disk_holds_up_who_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The delivery may be waiting for what the crashing thread holds: the lock of a log's handler."""
    stuck, release = threading.Semaphore(0), threading.Event()

    def wait(*_: object) -> set[str]:
        stuck.release()
        release.wait(10)
        return set()

    monkeypatch.setattr("selfheal.delivery.log.warning", wait)
    monkeypatch.setattr(Spool, "save", wait)
    delivery = Delivery(Target(f"http://k@127.0.0.1:{free_port()}/1").find, spool=str(tmp_path), first_wait=0.01)
    report(delivery, "a")
    for _ in ("log", "disk"):
        assert stuck.acquire(timeout=5)
        reporting = threading.Thread(target=report, args=(delivery, "a"), daemon=True)
        reporting.start()
        reporting.join(2)
        assert not reporting.is_alive()
        release.set()
        release.clear()
    release.set()
    monkeypatch.undo()
    delivery.close(0.1)


def test_what_takes_too_much_memory_waits_on_disk_where_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfheal.delivery._MAX_BYTES", 300)
    sinks = [Sink(), Sink()]
    for sink, spool in zip(sinks, (None, str(tmp_path)), strict=True):
        target = Target(None)
        delivery = Delivery(target.find, spool=spool, first_wait=0.02)
        for number in range(10):
            report(delivery, f"bug-{number}")
        assert not delivery.flush(0.3)
        target.dsn = parse_dsn(sink.dsn)
        assert delivery.flush(5)
        while spool and len(sink.reports) < 10:
            time.sleep(0.01)
        delivery.close(1)
        sink.stop()
    without, with_spool = (counts(sink) for sink in sinks)
    assert sum(without.values()) == 10
    assert without["full"] >= 5
    assert with_spool == {f"bug-{number}": 1 for number in range(10)}
    assert list(tmp_path.iterdir()) == []


def test_where_no_thread_can_be_started_reports_wait(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    delivery = Delivery(Target(sink.dsn).find)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        report(delivery, "a")
        assert not delivery.flush(5)
    assert delivery.flush(5)
    assert counts(sink) == {"a": 1}
    delivery.close(1)


def test_a_healer_that_never_answers_does_not_block_the_caller() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        delivery = Delivery(Target(f"http://k@127.0.0.1:{silent.getsockname()[1]}/1").find, timeout=0.3)
        report(delivery, "a")
        report(delivery, "b")
        assert not delivery.flush(0.1)
        delivery.close(0.1)


SCRIPT = """
import json, os, sys, selfheal
selfheal.init({dsn!r}, spool={spool!r})
def crash(number):
    try:
        [].pop(number)
    except IndexError as error:
        return selfheal.capture_exception(error)
"""


def start(script: str, dsn: str, spool: str | None = None) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SELFHEAL_")}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-c", SCRIPT.format(dsn=dsn, spool=spool) + script]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment)


def run(script: str, dsn: str, spool: str | None = None) -> str:
    """What it printed."""
    with start(script, dsn, spool) as process:
        said, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    return said


def test_reports_are_delivered_when_the_process_ends(sink: Sink) -> None:
    run("crash(1); crash(2)", sink.dsn)
    assert sum(1 + entry["suppressed"] for entry in sink.reports) == 2


def test_forked_workers_report_on_their_own_while_their_parent_is_sending(sink: Sink) -> None:
    script = """
import signal
print(crash(1), flush=True)
while not selfheal.client.active().delivery._sending:  # the sink does not answer
    pass
crash(1)
children = []
for number in range(2):
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            {}["missing"]
        except KeyError as error:
            os.write(1, (selfheal.capture_exception(error) + chr(10)).encode())  # whole: both children write
        if number:
            os._exit(0 if selfheal.flush(5) else 1)
        os.write(1, b"waits" + bytes([10]))
        while True:
            signal.pause()
    children.append(child)
sys.stdin.readline()
os.kill(children[0], signal.SIGTERM)
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
assert selfheal.flush(5)
"""
    sink.open.clear()
    with start(script, sink.dsn) as process:
        assert process.stdout is not None and process.stdin is not None
        said = [process.stdout.readline().strip() for _ in range(4)]
        sink.open.set()
        process.communicate("go\n", timeout=20)
    assert process.returncode == 0
    assert {entry["report_id"] for entry in sink.reports} >= set(said) - {"waits"}
    crashes = {entry["report_id"]: 1 + entry["suppressed"] for entry in sink.reports}
    assert sum(crashes.values()) == 4


def test_nothing_is_imported_while_reports_are_made(sink: Sink) -> None:
    """A fork during an import in the delivery's thread leaves the child with half of a module."""
    script = """
before = set(sys.modules)
crash(1)
assert selfheal.flush(5)
print(sorted(set(sys.modules) - before))
"""
    assert run(script, sink.dsn).strip() == "[]"


def test_what_a_process_could_not_deliver_is_sent_by_the_next(sink: Sink, tmp_path: Path) -> None:
    """It ends in time although the healer hangs, and what was being sent is sent again under the same id."""
    script = """
crash(1)
while not selfheal.client.active().delivery._sending:
    pass
print(crash(1)); crash(1); crash(1)
selfheal.client.active().delivery.flush(0.1)
selfheal.client.active()._patience = 0.2
"""
    sink.open.clear()
    begun = time.monotonic()
    kept = run(script, sink.dsn, str(tmp_path / "spool")).strip()
    assert time.monotonic() - begun < 5
    files = list((tmp_path / "spool").iterdir())
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600, 0o600]
    sink.open.set()
    run("assert selfheal.flush(5)", sink.dsn, str(tmp_path / "spool"))
    crashes = {entry["report_id"]: 1 + entry["suppressed"] for entry in sink.reports}
    assert sorted(crashes.values()) == [1, 3]
    assert crashes[kept] == 3
    assert list((tmp_path / "spool").iterdir()) == []
