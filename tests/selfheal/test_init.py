"""init(), capture_exception() and flush() as a host uses them."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest
import selfheal

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
    argument, environment = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert argument.startswith("the dsn argument is not usable")
    assert environment.startswith("SELFHEAL_DSN is not usable")
    assert "http://<key>@host:port/<id>" in environment


def test_odd_arguments_do_not_raise(caplog: pytest.LogCaptureFixture) -> None:
    selfheal.init(12)  # type: ignore[arg-type]
    selfheal.init("http://k@127.0.0.1:9/1", redact=[1, 2])  # type: ignore[list-item]
    assert crash() is None
    assert len(caplog.records) == 2


def test_a_handled_exception_is_reported(sink: Sink) -> None:
    selfheal.init(sink.dsn, release="r1")
    identifier = crash()
    assert selfheal.flush(5)
    (report,) = sink.reports
    assert report["report_id"] == identifier
    assert (report["release"], report["request"], report["exception"]["message"]) == ("r1", None, "gone")


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
