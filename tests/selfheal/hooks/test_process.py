"""What ends a process, a thread or a task, and what is logged: reported once, and who listened before still does."""

from __future__ import annotations

import asyncio
import gc
import logging
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import selfheal
from selfheal.client import Client, active
from selfheal.exchange import Exchange, current
from werkzeug.exceptions import NotFound

from tests.selfheal.sink import Sink

PLACES = [
    (sys, "excepthook"),
    (threading, "excepthook"),
    (asyncio.BaseEventLoop, "call_exception_handler"),
    (logging.Logger, "callHandlers"),
]


class Boom(Exception):
    pass


def raised(error: BaseException) -> Any:
    try:
        raise error
    except BaseException:
        return sys.exc_info()


def reports(sink: Sink) -> list[tuple[str, str, bool]]:
    """(message, mechanism, handled) of each."""
    assert selfheal.flush(5)
    return [
        (report["exception"]["message"], report["mechanism"]["type"], report["mechanism"]["handled"])
        for report in sink.reports
    ]


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """Of a library that keeps its records to itself."""
    logger = logging.getLogger("selfhealing_shop.payments")
    logger.propagate = False
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger.addHandler(handler)
    logger.records = records  # type: ignore[attr-defined]
    yield logger
    logger.removeHandler(handler)


def test_what_ends_the_process_is_delivered_before_the_hook_set_before_is_called(
    sink: Sink, client_off: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That one may end the process at once."""
    seen: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *told: seen.append((told, len(sink.requests))))
    selfheal.init(sink.dsn)
    told = raised(Boom("the end"))
    sys.excepthook(*told)
    assert seen == [(told, 1)]
    assert reports(sink) == [("the end", "excepthook", False)]


def test_a_script_that_crashes_has_reported_when_it_ends(sink: Sink) -> None:
    script = f"import selfheal; selfheal.init({sink.dsn!r}); {{}}['gone']"
    ended = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert ended.stderr.endswith("KeyError: 'gone'\n")
    assert "hooks" not in ended.stderr
    assert [report["mechanism"]["type"] for report in sink.reports] == ["excepthook"]


def test_the_end_waits_for_a_healer_that_hangs_no_longer_than_allowed_in_all(
    sink: Sink, client_off: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selfheal.client._EXIT_SECONDS", 0.2)
    waited: list[float] = []
    monkeypatch.setattr("selfheal.delivery.Delivery.flush", lambda self, timeout, patient: waited.append(timeout))
    monkeypatch.setattr("selfheal.delivery.Delivery.close", lambda self, timeout: waited.append(timeout))
    times = iter((10.0, 10.15, 20.0, 30.0))
    monkeypatch.setattr("selfheal.client.time.monotonic", lambda: next(times))
    selfheal.init(sink.dsn)
    client = active()
    assert client is not None
    client.flush_at_end()
    client.flush_at_end()
    client.close()
    assert waited == pytest.approx([0.2, 0.05, 0.0])


def test_a_thread_that_crashes_is_reported_and_told_as_before(
    sink: Sink, client_off: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    selfheal.init(sink.dsn)

    def work() -> None:
        raise Boom("in a thread")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [ended.thread for ended in seen] == [thread]
    assert reports(sink) == [("in a thread", "thread", False)]
    assert [frame["function"] for frame in sink.reports[0]["frames"]][-1] == "work"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), asyncio.CancelledError(), GeneratorExit()])
def test_what_ends_on_purpose_is_no_crash(
    sink: Sink, client_off: None, logger: Any, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *told: seen.append(told))
    monkeypatch.setattr(threading, "excepthook", seen.append)
    selfheal.init(sink.dsn)
    told = raised(error)
    sys.excepthook(*told)
    threading.excepthook(SimpleNamespace(exc_type=told[0], exc_value=told[1]))  # type: ignore[arg-type]
    logger.error("ended", exc_info=told)
    assert len(seen) == 2
    assert reports(sink) == []


async def fail() -> None:
    raise Boom("in a task")


def test_a_task_that_nobody_waits_for_is_reported(reporting: Sink) -> None:
    async def main() -> None:
        task = asyncio.ensure_future(fail())
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(main())
    assert reports(reporting) == [("in a task", "asyncio", False)]
    assert [frame["function"] for frame in reporting.reports[0]["frames"]] == ["fail"]


def test_a_callback_that_crashes_is_reported_and_the_handler_of_the_loop_is_called(reporting: Sink) -> None:
    handled: list[Any] = []

    def work() -> None:
        raise Boom("in a callback")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, told: handled.append(told["exception"]))
        loop.call_soon(work)
        await asyncio.sleep(0)

    asyncio.run(main())
    assert [str(error) for error in handled] == ["in a callback"]
    assert reports(reporting) == [("in a callback", "asyncio", False)]


@pytest.mark.parametrize("way", ["asyncio", "another loop's log"])
def test_a_task_collected_during_a_request_is_not_reported_with_that_request(reporting: Sink, way: str) -> None:
    told = raised(Boom("long ago"))
    token = current.set(Exchange("GET", "/unrelated", []))
    try:
        if way == "asyncio":
            asyncio.new_event_loop().call_exception_handler({"message": "", "exception": told[1], "task": None})
        else:
            logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=told)
    finally:
        current.reset(token)
    assert reports(reporting) == [("long ago", "asyncio", False)]
    assert reporting.reports[0]["request"] is None


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks do not tell their context before Python 3.12")
def test_a_task_is_reported_with_the_request_that_started_it(reporting: Sink) -> None:
    async def main() -> None:
        token = current.set(Exchange("GET", "/orders", []))
        task = asyncio.ensure_future(fail())
        current.reset(token)
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(main())
    assert [report["request"]["path"] for report in reporting.wait(1)] == ["/orders"]


def test_a_logged_exception_is_reported_as_handled(reporting: Sink, logger: Any) -> None:
    try:
        raise Boom("no money")
    except Boom:
        logger.warning("a warning", exc_info=True)
        logger.error("no exception at all")
        logger.exception("payment failed")
    assert [record.getMessage() for record in logger.records] == [
        "a warning",
        "no exception at all",
        "payment failed",
    ]
    assert reports(reporting) == [("no money", "logging", True)]


def test_the_client_s_own_log_is_never_reported(reporting: Sink, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("selfheal").error("delivery failed", exc_info=raised(Boom()))
    logging.getLogger("selfheal.delivery").error("delivery failed", exc_info=raised(Boom()))
    assert reports(reporting) == []


def test_one_exception_that_passes_several_hooks_is_reported_by_the_first(reporting: Sink, logger: Any) -> None:
    told = raised(Boom("once"))
    logger.error("failed", exc_info=told)
    asyncio.new_event_loop().call_exception_handler({"message": "", "exception": told[1]})
    with pytest.raises(Boom), selfheal.watch("job"):
        raise told[1]
    assert selfheal.capture_exception(told[1]) is not None
    assert reports(reporting) == [("once", "logging", True)]
    assert reporting.reports[0]["suppressed"] == 0


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no groups before Python 3.11")
@pytest.mark.parametrize(
    ("members", "mechanisms"),
    [
        ([asyncio.CancelledError(), KeyboardInterrupt()], []),
        ([NotFound()], []),
        ([asyncio.CancelledError(), Boom("one"), Boom("two")], ["excepthook"]),
    ],
)
def test_a_group_is_a_crash_if_one_of_its_members_is_and_is_reported_once(
    sink: Sink, client_off: None, logger: Any, monkeypatch: pytest.MonkeyPatch, members: Any, mechanisms: list[str]
) -> None:
    monkeypatch.setattr(sys, "excepthook", lambda *told: None)
    selfheal.init(sink.dsn)
    told = raised(BaseExceptionGroup("all", [*members]))
    sys.excepthook(*told)
    logger.error("failed", exc_info=told)
    assert [mechanism for _, mechanism, _ in reports(sink)] == mechanisms


def test_odd_things_that_hooks_are_told_reach_only_those_who_listen_anyway(
    sink: Sink, client_off: None, logger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda ended: None)
    selfheal.init(sink.dsn)
    logger.error("none", exc_info=(None, None, None))
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda loop, told: None)
    loop.call_exception_handler({"message": "odd", "exception": "text", "task": 5})
    threading.excepthook(SimpleNamespace(exc_type=SystemExit, exc_value=None))  # type: ignore[arg-type]
    assert [record.getMessage() for record in logger.records] == ["none"]
    assert reports(sink) == []


def now() -> list[Any]:
    return [getattr(owner, name) for owner, name in PLACES]


def test_the_host_is_as_it_was_after_init_without_a_dsn(sink: Sink, client_off: None) -> None:
    before = now()
    selfheal.init(sink.dsn)
    attached = now()
    assert all(one is not other for one, other in zip(attached, before, strict=True))
    selfheal.init(sink.dsn)
    selfheal.init()
    assert now() == before


@pytest.mark.parametrize(
    ("hooks", "expected"),
    [
        (False, [False] * 4),
        (("logging",), [False, False, False, True]),
        (("thread", "asyncio"), [False, True, True, False]),
    ],
)
def test_only_the_hooks_that_are_chosen_are_attached(
    sink: Sink, client_off: None, hooks: Any, expected: list[bool]
) -> None:
    before = now()
    selfheal.init(sink.dsn, hooks=hooks)
    assert [one is not other for one, other in zip(now(), before, strict=True)] == expected


def test_somebody_who_hooked_on_top_stays_and_ours_is_silent_until_it_is_wanted_again(
    sink: Sink, client_off: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    below: list[Any] = []
    on_top: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *told: below.append(told))
    selfheal.init(sink.dsn)
    ours = sys.excepthook

    def theirs(*told: Any) -> None:
        on_top.append(told)
        ours(*told)

    monkeypatch.setattr(sys, "excepthook", theirs)
    selfheal.init()
    assert sys.excepthook is theirs
    sys.excepthook(*raised(Boom("while off")))
    selfheal.init(sink.dsn)
    sys.excepthook(*raised(Boom("on again")))
    assert (len(below), len(on_top)) == (2, 2)
    assert reports(sink) == [("on again", "excepthook", False)]
    assert sink.reports[0]["suppressed"] == 0


def test_what_is_imported_after_init_is_attached_with_the_middleware(
    sink: Sink, client_off: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from selfheal.hooks.wsgi import SelfhealMiddleware

    module = sys.modules["asyncio.base_events"]
    before = asyncio.BaseEventLoop.call_exception_handler
    monkeypatch.delitem(sys.modules, "asyncio.base_events")
    selfheal.init(sink.dsn)
    assert asyncio.BaseEventLoop.call_exception_handler is before
    monkeypatch.setitem(sys.modules, "asyncio.base_events", module)
    SelfhealMiddleware(lambda environ, start: [])
    assert asyncio.BaseEventLoop.call_exception_handler is not before


def test_what_is_imported_after_init_is_attached_with_the_first_logged_crash(
    sink: Sink, client_off: None, logger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    signal = SimpleNamespace(send=lambda *told: seen.append(told))
    selfheal.init(sink.dsn)
    monkeypatch.setitem(sys.modules, "django.core.signals", SimpleNamespace(got_request_exception=signal))
    logger.error("failed", exc_info=raised(Boom("logged")))
    try:
        raise Boom("answered")
    except Boom:
        signal.send("the sender by its place")
    assert seen == [("the sender by its place",)]
    assert reports(sink) == [("logged", "logging", True), ("answered", "django", False)]


def test_what_cannot_be_attached_is_left_and_the_rest_works(
    sink: Sink, client_off: None, logger: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fixed:
        __slots__ = ()

        def send(self) -> None: ...

    monkeypatch.setitem(sys.modules, "flask.signals", SimpleNamespace(got_request_exception=Fixed()))
    selfheal.init(sink.dsn)
    logger.error("failed", exc_info=raised(Boom("logged")))
    assert reports(sink) == [("logged", "logging", True)]
    assert [record for record in caplog.records if record.name == "selfheal"] == []


def test_trouble_of_our_own_does_not_reach_the_host(
    reporting: Sink, logger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trouble(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(Client, "capture", trouble)
    logger.error("failed", exc_info=raised(Boom()))
    assert [record.getMessage() for record in logger.records] == ["failed"]


@pytest.mark.parametrize(("name", "handled"), [("uvicorn.error", False), ("django.request", False), ("shop", True)])
def test_what_a_server_logs_was_handled_by_nobody(reporting: Sink, name: str, handled: bool) -> None:
    logging.getLogger(name).error("Exception in the application", exc_info=raised(Boom("taken by none")))
    assert reports(reporting) == [("taken by none", "logging", handled)]


def test_an_exception_that_is_kept_is_counted_in_each_request_and_pickles(reporting: Sink) -> None:
    kept = raised(Boom("kept"))[1]
    client = active()
    assert client is not None
    for path in ("/one", "/two", "/three"):
        exchange = Exchange("GET", path, [])
        for _ in range(2):
            client.capture(exchange=exchange, error=kept)
    assert pickle.loads(pickle.dumps(kept)).args == ("kept",)
    assert reports(reporting)[0] == ("kept", "capture_exception", True)
    assert sum(1 + report["suppressed"] for report in reporting.reports) == 3


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no groups before Python 3.11")
def test_a_group_with_one_member_that_is_known_is_reported_for_the_other(reporting: Sink, logger: Any) -> None:
    first, second = raised(Boom("first")), raised(KeyError("second"))
    logger.error("failed", exc_info=first)
    logger.error("failed", exc_info=raised(ExceptionGroup("both", [first[1], second[1]])))
    logger.error("failed", exc_info=second)
    assert len(reports(reporting)) == 2
    assert "KeyError" in str(reporting.reports[1]["chain"])


def test_a_crash_that_cannot_be_looked_at_is_told_as_lost(reporting: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("selfheal.client.Draft", lambda *_, **__: 1 / 0)
        selfheal.capture_exception(raised(Boom("odd"))[1])
    selfheal.capture_exception(raised(KeyError("next"))[1])
    assert len(reports(reporting)) == 1
    assert reporting.reports[0]["lost"] == {"unwritten": 1}


def test_a_filter_of_the_host_s_that_raises_does_not_reach_it(reporting: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(record: logging.LogRecord) -> bool:
        raise Boom

    monkeypatch.setattr("selfheal.client.Draft", lambda *_, **__: 1 / 0)
    own = logging.getLogger("selfheal")
    monkeypatch.setattr(own, "filters", [odd])
    monkeypatch.setattr(own, "level", logging.DEBUG)
    own.manager._clear_cache()  # type: ignore[attr-defined]
    assert selfheal.capture_exception(raised(Boom("odd"))[1]) is None
    selfheal.init("no dsn")
    monkeypatch.undo()
    own.manager._clear_cache()  # type: ignore[attr-defined]
