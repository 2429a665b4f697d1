"""Delivery to a real server: counts, outages, refusals, forks, ends of processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selfheal.delivery import Delivery
from selfheal.settings import Dsn, parse_dsn

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
    found: dict[str, int] = {}
    for entry in sink.reports:
        found[entry["key"]] = found.get(entry["key"], 0) + 1 + entry["suppressed"]
    return found


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


def test_an_outage_loses_no_crash_and_no_count() -> None:
    port = free_port()
    delivery = Delivery(Target(f"http://k@127.0.0.1:{port}/1").find, first_wait=0.02)
    for number in range(1000):
        report(delivery, f"bug-{number % 40}")
    assert not delivery.flush(0.2, patient=False)
    sink = Sink(port)
    assert delivery.flush(10)
    assert counts(sink) == {f"bug-{number}": 25 for number in range(40)}
    assert delivery.lost == 0
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
    last = {entry["report_id"]: entry["suppressed"] + 1 for entry in sink.reports}  # a refused one came again
    assert sum(last.values()) == 4


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


@pytest.mark.parametrize("status", [400, 401, 403, 413, 422])
def test_a_refused_report_is_dropped_and_counted(sink: Sink, delivery: Delivery, status: int) -> None:
    sink.answers.append((status, {}))
    report(delivery, "a")
    report(delivery, "b")
    assert delivery.flush(5)
    assert len(sink.requests) == 2
    assert delivery.lost == 1


def test_one_report_that_the_healer_cannot_digest_does_not_stop_the_others(sink: Sink, delivery: Delivery) -> None:
    sink.answers.append((500, {}))
    report(delivery, "a")
    report(delivery, "b")
    assert delivery.flush(5)
    assert counts(sink) == {"a": 2, "b": 1}  # "a" was sent twice


def test_a_report_that_cannot_be_written_harms_no_other(sink: Sink, delivery: Delivery) -> None:
    def fail() -> bytes:
        raise ValueError("no")

    delivery.submit("bad", "0" * 32, fail)
    report(delivery, "good")
    assert delivery.flush(5)
    assert counts(sink) == {"good": 1}
    assert delivery.lost == 1


def test_reports_of_many_threads_are_counted_exactly(sink: Sink, delivery: Delivery) -> None:
    def work() -> None:
        for number in range(300):
            report(delivery, f"bug-{number % 3}")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert delivery.flush(10)
    assert counts(sink) == {f"bug-{number}": 800 for number in range(3)}


def test_a_healer_that_never_answers_does_not_block_the_caller() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        delivery = Delivery(Target(f"http://k@127.0.0.1:{silent.getsockname()[1]}/1").find, timeout=0.3)
        report(delivery, "a")
        report(delivery, "b")
        assert not delivery.flush(0.1)
        delivery.close(0.1)


def test_the_number_of_waiting_reports_is_bounded() -> None:
    delivery = Delivery(Target(None).find, first_wait=60)
    for number in range(1100):
        report(delivery, f"bug-{number}")
    assert delivery.lost >= 100
    delivery.close(0)


SCRIPT = """
import json, os, sys, selfheal
selfheal.init({dsn!r}, spool={spool!r})
def crash(number):
    try:
        [].pop(number)
    except IndexError as error:
        return selfheal.capture_exception(error)
"""


def run(script: str, dsn: str, spool: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SELFHEAL_")}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    code = SCRIPT.format(dsn=dsn, spool=spool) + script
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, env=environment)


def test_reports_are_delivered_when_the_process_ends(sink: Sink) -> None:
    done = run("crash(1); crash(2)", sink.dsn)
    assert done.returncode == 0, done.stderr
    assert sum(1 + entry["suppressed"] for entry in sink.reports) == 2


def test_a_child_of_a_fork_reports_on_its_own(sink: Sink) -> None:
    script = """
print(crash(1))
child = os.fork()
if child == 0:
    try:
        {}["missing"]
    except KeyError as error:
        print(selfheal.capture_exception(error), flush=True)
    os._exit(0 if selfheal.flush(5) else 1)
assert os.waitpid(child, 0)[1] == 0
assert selfheal.flush(5)
"""
    done = run(script, sink.dsn)
    assert done.returncode == 0, done.stderr
    assert sorted(entry["exception"]["type"] for entry in sink.reports) == ["IndexError", "KeyError"]
    assert sorted(entry["report_id"] for entry in sink.reports) == sorted(done.stdout.split())


def test_nothing_is_imported_while_reports_are_made(sink: Sink) -> None:
    """A fork during an import in the delivery's thread leaves the child with half of a module."""
    script = """
before = set(sys.modules)
crash(1)
assert selfheal.flush(5)
print(sorted(set(sys.modules) - before))
"""
    assert run(script, sink.dsn).stdout.strip() == "[]"


def test_what_a_process_could_not_deliver_is_sent_by_the_next(tmp_path: Path) -> None:
    port, spool = free_port(), tmp_path / "spool"
    dsn = f"http://k@127.0.0.1:{port}/1"
    done = run("print(crash(1)); crash(1); crash(1)", dsn, str(spool))
    assert done.returncode == 0, done.stderr
    (file,) = spool.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    sink = Sink(port)
    again = run("selfheal.flush(5)", dsn, str(spool))
    assert again.returncode == 0, again.stderr
    (delivered,) = sink.wait(1)
    sink.stop()
    assert delivered["report_id"] == done.stdout.strip()
    assert sum(1 + entry["suppressed"] for entry in sink.reports) == 3
    assert list(spool.iterdir()) == []
