"""init(), capture_exception() and flush() as a host uses them."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import selfheal
from selfheal.client import active
from selfheal.exchange import Exchange, current

from tests.selfheal.sink import Sink

pytestmark = pytest.mark.usefixtures("client_off")


def crash() -> str | None:
    try:
        raise LookupError("gone")
    except LookupError:
        return selfheal.capture_exception()


def test_without_a_dsn_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "selfheal"):
        selfheal.init()
    assert [(record.levelname, "SELFHEAL_DSN" in record.message) for record in caplog.records] == [("DEBUG", True)]
    assert crash() is None
    assert selfheal.flush()


@pytest.mark.parametrize("dsn", ["nonsense", "http://host/1", "http://k@host:99999999/1", "https://"])
def test_a_malformed_dsn_is_explained_and_harms_nothing(
    dsn: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    selfheal.init(dsn)
    monkeypatch.setenv("SELFHEAL_DSN", dsn)
    selfheal.init()
    assert crash() is None
    said = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(said) == 2
    assert all(one.startswith("the setting dsn (SELFHEAL_DSN): ") for one in said)
    assert all("http://<key>@host:port/<id>" in one for one in said)


def test_what_is_wrong_is_said_once_and_everything_else_goes_on(sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    selfheal.init(12)  # type: ignore[arg-type]
    assert crash() is None
    assert len(caplog.records) == 1
    caplog.clear()
    selfheal.init(
        sink.dsn,
        root="/no/such/folder",
        entry="shop main",
        traffic="perhaps",  # type: ignore[arg-type]
        redact=["note", 5, "/un(closed/", b"x"],  # type: ignore[list-item]
        hooks=["logging", "telepathy"],
    )
    assert crash() is not None
    said = sorted(record.getMessage().partition(":")[0] for record in caplog.records)
    assert said == sorted(
        f"the setting {name} (SELFHEAL_{name.upper()})"
        for name in ("root", "entry", "traffic", "redact", "redact", "redact", "hooks")
    )
    assert "telepathy is left out; there are excepthook, thread, asyncio, logging, flask, django" in caplog.text


def test_a_handled_exception_is_reported(sink: Sink) -> None:
    selfheal.init(sink.dsn, release="r1")
    identifier = crash()
    assert selfheal.flush(5)
    (report,) = sink.reports
    assert report["report_id"] == identifier
    assert (report["release"], report["request"], report["exception"]["message"]) == ("r1", None, "gone")
    assert report["mechanism"] == {"type": "capture_exception", "handled": True}


def test_outside_of_a_handler_there_is_nothing_to_report(sink: Sink) -> None:
    selfheal.init(sink.dsn)
    assert selfheal.capture_exception() is None


def test_one_exception_is_reported_once_on_its_way_out(sink: Sink) -> None:
    selfheal.init(sink.dsn)
    error = LookupError("x")
    first = selfheal.capture_exception(error)
    assert first is not None
    assert selfheal.capture_exception(error) == first
    assert selfheal.flush(5)
    assert [report["suppressed"] for report in sink.reports] == [0]


def test_init_again_replaces_and_loses_nothing(sink: Sink) -> None:
    other = Sink()
    selfheal.init(sink.dsn, release="r1")
    crash()
    selfheal.init(other.dsn, release="r2")
    crash()
    assert selfheal.flush(5)
    assert [report["release"] for report in sink.reports] == ["r1"]
    assert [report["release"] for report in other.reports] == ["r2"]
    other.stop()


def test_a_dsn_file_that_comes_after_the_first_crash(
    tmp_path: Path, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "dsn"
    monkeypatch.setenv("SELFHEAL_DSN_FILE", str(file))
    selfheal.init()
    assert crash() is not None
    file.write_text(sink.dsn)
    assert selfheal.flush(10)
    assert len(sink.requests) == 1


class Reporter(Exception):
    """Its text reports another crash: a report during a report."""

    def __str__(self) -> str:
        return f"inner report: {crash()}"


def test_a_report_during_a_report_is_not_made(sink: Sink) -> None:
    selfheal.init(sink.dsn)
    assert selfheal.capture_exception(Reporter()) is not None
    assert selfheal.flush(5)
    assert [report["exception"]["message"] for report in sink.reports] == ["inner report: None"]


def test_threads_report_at_the_same_time(sink: Sink) -> None:
    selfheal.init(sink.dsn)
    threads = [threading.Thread(target=lambda: [crash() for _ in range(50)]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert selfheal.flush(10)
    assert sum(1 + report["suppressed"] for report in sink.reports) == 300


@pytest.fixture
def alarms() -> Iterator[list[str | None]]:
    """What a signal handler got for reporting, many times a second, on the main thread."""
    got: list[str | None] = []

    def handle(*_: object) -> None:
        try:
            raise TimeoutError(f"alarm {len(got)}")
        except TimeoutError as error:
            got.append(selfheal.capture_exception(error))

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    yield got
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_a_signal_handler_may_report_whatever_it_interrupts(sink: Sink, alarms: list[str | None]) -> None:
    selfheal.init(sink.dsn)
    client = active()
    assert client is not None
    exchange = Exchange("POST", "/orders", [])
    exchange.status = 201
    token = current.set(exchange)
    end = time.monotonic() + 0.2
    while time.monotonic() < end:
        client.remember(exchange)
        crash()
        selfheal.flush(0.001)
    signal.setitimer(signal.ITIMER_REAL, 0)
    current.reset(token)
    assert len(alarms) > 10
    assert selfheal.flush(5)
    assert {report["exception"]["type"] for report in sink.reports} == {"LookupError", "TimeoutError"}


def test_the_child_of_a_fork_reports_whatever_other_threads_were_at(sink: Sink) -> None:
    selfheal.init(sink.dsn)
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            crash()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    states = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                raise RuntimeError("in the child")
            except RuntimeError as error:
                os._exit(0 if selfheal.capture_exception(error) and selfheal.flush(5) else 1)
        states.append(os.waitpid(child, 0)[1])
    ended.set()
    for thread in threads:
        thread.join()
    assert states == [0] * 3
    assert selfheal.flush(5)
    assert [report["exception"]["message"] for report in sink.reports].count("in the child") == 3
