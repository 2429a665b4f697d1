"""The figures of a worker: what counts as failed, what is waited for, and how near the quantiles are to the truth."""

from __future__ import annotations

import asyncio
import contextlib
import math
from bisect import bisect_left
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selfheal.supervisor.meter import BOUNDS, Figures, Message, Meter, Receive, Send

_App = Callable[[Message, Receive, Send], Coroutine[Any, Any, None]]
_numbers = st.integers(0, 10**6)
_counts = st.tuples(_numbers, _numbers).map(lambda ends: (ends[0], *(0 for _ in BOUNDS[1:]), ends[1]))
_figures = st.builds(Figures, _numbers, _numbers, _counts, _numbers, _numbers)


def _start(status: int) -> Message:
    return {"type": "http.response.start", "status": status, "headers": []}


def _body(more: bool = False) -> Message:
    return {"type": "http.response.body", "body": b"x", "more_body": more}


def _answering(status: int) -> _App:
    async def app(_scope: Message, _receive: Receive, send: Send) -> None:
        await send(_start(status))
        await send(_body())

    return app


async def _raising(_scope: Message, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("no answer")


async def _silent(_scope: Message, _receive: Receive, _send: Send) -> None:
    return


async def _raising_after_500(_scope: Message, _receive: Receive, send: Send) -> None:
    await send(_start(500))
    await send(_body())
    raise RuntimeError("as frameworks do, for the server's log")


async def _breaking_off(_scope: Message, _receive: Receive, send: Send) -> None:
    await send(_start(200))
    await send(_body(more=True))
    raise RuntimeError("in the middle")


async def _crashing_in_the_background(_scope: Message, _receive: Receive, send: Send) -> None:
    await send(_start(200))
    await send(_body())
    raise RuntimeError("after the answer")


async def _left_before_the_answer(_scope: Message, receive: Receive, _send: Send) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    raise RuntimeError("the client left")


async def _left_in_the_middle(_scope: Message, receive: Receive, send: Send) -> None:
    await send(_start(200))
    await send(_body(more=True))
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut_before_the_answer(_scope: Message, _receive: Receive, _send: Send) -> None:
    raise asyncio.CancelledError


async def _cut_stream(_scope: Message, _receive: Receive, send: Send) -> None:
    await send(_start(200))
    await send(_body(more=True))
    raise asyncio.CancelledError


def _ask(meter: Meter, method: str = "POST", path: str = "/carts/7/checkout", kind: str = "http") -> None:
    """One request; the client sends it and is gone. The server refuses statuses beyond 599."""
    messages = iter(["http.request", "http.disconnect"])

    async def receive() -> Message:
        return {"type": next(messages)}

    async def send(message: Message) -> None:
        if message.get("status", 0) > 599:
            raise ValueError("no HTTP")

    async def ask() -> None:
        with contextlib.suppress(RuntimeError, ValueError, asyncio.CancelledError):
            await meter({"type": kind, "method": method, "path": path}, receive, send)

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("app", "failed", "watched"),
    [
        (_answering(200), 0, 1),
        (_answering(404), 0, 1),
        (_answering(500), 1, 0),
        (_answering(900), 1, 0),
        (_raising, 1, 0),
        (_silent, 1, 0),
        (_raising_after_500, 1, 0),
        (_breaking_off, 1, 0),
        (_crashing_in_the_background, 0, 1),
        (_left_before_the_answer, 0, 0),
        (_left_in_the_middle, 0, 1),
        (_cut_before_the_answer, 1, 0),
        (_cut_stream, 0, 1),
    ],
)
def test_each_request_is_counted_once(app: _App, failed: int, watched: int) -> None:
    meter = Meter(app)
    meter.watch([{"method": "POST", "path": "/carts/*/checkout"}])
    _ask(meter)
    figures = meter.figures()
    assert (figures.requests, sum(figures.counts)) == (1, 1)
    assert (figures.failed, figures.watched, figures.watched_failed) == (failed, watched, failed)


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_what_is_no_request_is_not_counted(kind: str) -> None:
    meter = Meter(_raising)
    _ask(meter, kind=kind)
    assert meter.figures() == Figures()


@pytest.mark.parametrize(
    ("method", "path", "matches"),
    [
        ("POST", "/carts/7/checkout", True),
        ("GET", "/carts/7/checkout", False),
        ("POST", "/carts/7/8/checkout", False),
        ("POST", "/carts//checkout", False),
        ("POST", "/carts/7/checkout/", False),
        ("GET", "/a b.c", True),
        ("GET", "/a bxc", False),
    ],
)
def test_a_watch_names_method_and_path(method: str, path: str, matches: bool) -> None:
    meter = Meter(_answering(200))
    meter.watch([{"method": "POST", "path": "/carts/*/checkout"}, {"method": "GET", "path": "/a%20b.c"}])
    _ask(meter, method, path)
    assert meter.figures().watched == matches


def test_only_what_was_told_last_is_waited_for() -> None:
    meter = Meter(_answering(200))
    seen = []
    for kinds in ([], ["/carts/*/*"], ["/carts/*"], ["/carts/*", "/carts/7/checkout"], []):
        meter.watch([{"method": "POST", "path": path} for path in kinds])
        _ask(meter)
        seen.append(meter.figures().watched)
    assert seen == [0, 1, 0, 1, 0]


def test_the_time_is_until_the_answer_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("selfheal.supervisor.meter.perf_counter", lambda: now)

    async def slow(scope: Message, _receive: Receive, send: Send) -> None:
        nonlocal now
        now += 0.02
        if scope["path"] == "/":
            await send(_start(200))
            now += 1
            await send(_body())

    meter = Meter(slow)
    _ask(meter, path="/")
    assert 0.015 < meter.figures().quantile(0.5) < 0.025
    _ask(meter, path="/never")
    assert 0.015 < meter.figures().quantile(1) < 0.025


@given(st.lists(st.floats(0, BOUNDS[-1]), min_size=1, max_size=200), st.floats(0.01, 1))
def test_a_quantile_is_within_a_bucket_of_the_truth(seconds: list[float], share: float) -> None:
    counts = [0] * (len(BOUNDS) + 1)
    for one in seconds:
        counts[bisect_left(BOUNDS, one)] += 1
    truth = sorted(seconds)[math.ceil(share * len(seconds)) - 1]
    bucket = bisect_left(BOUNDS, truth)
    lower = BOUNDS[bucket - 1] if bucket else 0.0
    assert lower <= Figures(counts=tuple(counts)).quantile(share) <= BOUNDS[bucket]


@settings(max_examples=25)
@given(_figures, _figures, _figures)
def test_figures_add_up_in_any_order(one: Figures, two: Figures, three: Figures) -> None:
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert one + Figures() == one
    assert Figures.of(one.document()) == one


def test_a_summary_of_nothing_and_of_what_took_too_long() -> None:
    nothing = {"requests": 0, "failed": 0, "p50": 0.0, "p99": 0.0, "watched": 0, "watched_failed": 0}
    assert Figures().summary() == nothing
    slow = Figures(requests=1, counts=(*(0 for _ in BOUNDS), 1)).summary()
    assert slow["p50"] == slow["p99"] == round(BOUNDS[-1], 6)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "figures must be a JSON object, not list"),
        ({**Figures().document(), "counts": [0]}, "counts must be 44 numbers"),
        ({**Figures().document(), "counts": [0.5] * 44}, "counts must be a whole number from 0, not 0.5"),
        ({**Figures().document(), "failed": -1}, "failed must be a whole number from 0, not -1"),
    ],
)
def test_figures_of_another_version_are_refused(document: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Figures.of(document)
