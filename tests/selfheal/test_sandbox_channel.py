"""The line between a warden and its job: nothing is taken that was not asked for."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable

import pytest
from selfheal.sandbox.channel import JobEnd, Tampered, WardenEnd

from tests.selfheal.running_sandbox import wait_until

LONG = "x" * 1_000_000  # more than a socket holds


class Line:
    """Both ends of a line, and a job that does what it is told."""

    def __init__(self, most: int = 4_000_000) -> None:
        self.outer, self.inner = socket.socketpair()
        self.warden, self.job = WardenEnd(self.outer, most), JobEnd(self.inner.fileno())

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_error: object) -> None:
        self.outer.close()
        self.inner.close()

    def answer(self) -> object:
        found: list[object] = []

        def look() -> bool:
            self.warden.exchange()
            found.append(self.warden.take())
            return found[-1] is not None

        assert wait_until(look)
        return found[-1]


def test_long_steps_and_long_answers_arrive_whole() -> None:
    with Line() as line:
        echo = threading.Thread(target=lambda: line.job.send({"said": line.job.receive()["say"]}))
        line.warden.begin({"say": LONG})
        echo.start()
        assert line.answer() == {"said": LONG}
        echo.join()
        line.warden.expect_nothing()


def test_a_step_may_have_several_answers() -> None:
    with Line() as line:
        line.warden.begin({})
        line.job.receive()
        line.job.send({"n": 1})
        line.job.send({"n": 2})
        assert [line.answer(), line.answer()] == [{"n": 1}, {"n": 2}]


def before_the_step(line: Line) -> None:
    line.job.send({})
    line.warden.begin({})


def twice(line: Line) -> None:
    line.warden.begin({})
    line.job.receive()
    line.job.send({})
    line.job.send({})
    line.answer()
    line.warden.begin({})


def with_the_nonce_of_the_step_before(line: Line) -> None:
    line.warden.begin({})
    line.job.receive()
    line.job.send({})
    line.answer()
    line.warden.begin({})
    line.job.send({})
    line.answer()


def before_the_step_is_there(line: Line) -> None:
    line.warden.begin({"say": LONG})
    line.job.send({})
    line.warden.exchange()


def no_json(line: Line) -> None:
    line.warden.begin({})
    line.inner.sendall(b"[" * 50_000 + b"\n")
    line.answer()


def no_object(line: Line) -> None:
    line.warden.begin({})
    line.inner.sendall(json.dumps(["nonce"]).encode() + b"\n")
    line.answer()


def deep(line: Line) -> None:
    line.warden.begin({})
    said: list[object] = []
    for _ in range(50):
        said = [said]
    line.job.receive()
    line.job.send({"exchange": said})
    line.answer()


def half_a_message_at_the_end(line: Line) -> None:
    line.warden.begin({})
    line.job.receive()
    line.job.send({})
    line.inner.sendall(b"{")
    line.answer()
    line.warden.expect_nothing()


@pytest.mark.parametrize(
    ("forge", "detail"),
    [
        (before_the_step, "not asked for"),
        (twice, "not asked for"),
        (with_the_nonce_of_the_step_before, "something else"),
        (before_the_step_is_there, "before it was asked"),
        (no_json, "not JSON"),
        (no_object, "something else"),
        (deep, "nested deeper"),
        (half_a_message_at_the_end, "not asked for"),
    ],
)
def test_what_no_honest_job_sends_is_tampering(forge: Callable[[Line], None], detail: str) -> None:
    with Line() as line, pytest.raises(Tampered, match=detail):
        forge(line)


def test_a_flood_is_noticed_before_it_is_all_read() -> None:
    with Line(most=50_000) as line:
        line.warden.begin({})
        line.inner.setblocking(False)
        sent = line.inner.send(LONG.encode())
        line.warden.exchange()
        assert line.warden.flooded
        assert len(line.outer.recv(sent)) > 0
        assert line.warden.take() is None
