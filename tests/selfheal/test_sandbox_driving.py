"""What a warden makes of a job's answers: the next request, the result, or the verdict that it was tampered with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from selfheal.sandbox.channel import Tampered
from selfheal.sandbox.driving import TooLong, drive
from selfheal.sandbox.job import parse_job

TOLD: dict[str, Any] = {"cookies": [], "token": "", "ids": {}}


class Script:
    """A job that gives the answers it was made with, in their order, and keeps what it was asked."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self._answers: Iterator[dict[str, Any]] = iter(answers)
        self.asked: list[dict[str, Any]] = []

    def ask(self, do: str, **parts: object) -> dict[str, Any]:
        self.asked.append({"do": do, **parts})
        return self.next()

    def next(self) -> dict[str, Any]:
        return next(self._answers)


def answered(body: str = "", problem: str = "", told: object = None, **parts: object) -> dict[str, Any]:
    exchange = {"status": 200, "headers": {}, "body": body, "exception": None, "frames": [], "seconds": 0.1, **parts}
    return {"problem": problem, "exchange": exchange, "told": TOLD if told is None else told}


def drive_replay(script: Script, *requests: dict[str, Any], **job: Any) -> dict[str, object]:
    return drive(parse_job({"kind": "replay", "requests": list(requests), **job}), script)


BEGUN = {"problem": ""}
END: dict[str, Any] = {"ran": {}}


def test_a_request_is_made_of_the_answers_before_it() -> None:
    told = {"cookies": ["session=abc; Path=/"], "token": "t0k", "ids": {"/id": 9}}
    script = Script(BEGUN, answered(told=told), answered(), END)
    headers = {"cookie": "session=[redacted]", "authorization": "[redacted]"}
    first = {"method": "POST", "path": "/carts", "ids": {"/id": 57}}
    drive_replay(script, first, {"path": "/carts/57", "headers": headers})
    begin, one, two, end = script.asked
    assert (begin, end) == ({"do": "begin"}, {"do": "end"})
    assert (one["request"]["path"], one["pointers"], one["last"]) == ("/carts", ["/id"], False)
    assert (two["request"]["path"], two["pointers"], two["last"]) == ("/carts/9", [], True)
    assert {"cookie": "session=abc", "authorization": "Bearer t0k"}.items() <= dict(two["request"]["headers"]).items()


@pytest.mark.parametrize(
    "told",
    [None, 5, {"cookies": 5, "token": {}, "ids": []}, {"cookies": [5, "=;", "a=b" * 9000], "token": "t" * 99999}],
)
def test_nothing_is_learnt_from_what_is_no_answer(told: object) -> None:
    script = Script(BEGUN, {**answered(), "told": told}, answered(), END)
    drive_replay(script, {"path": "/"}, {"path": "/57", "headers": {"cookie": "a=[redacted]"}})
    assert script.asked[2]["request"]["path"] == "/57"
    assert "cookie" not in dict(script.asked[2]["request"]["headers"])


def test_a_request_that_no_encoding_takes_is_a_problem() -> None:
    result = drive_replay(Script(BEGUN, answered(), END), {"path": "/"}, {"path": "/\ud800"})
    assert str(result["problem"]).startswith("request 2: it cannot be sent again")
    assert len(result["exchanges"]) == 1  # type: ignore[arg-type]


def test_the_earlier_exchanges_lose_their_bodies_first() -> None:
    bodies = [number * 5000 for number in "abcde"]
    script = Script(BEGUN, *(answered(body) for body in bodies), END)
    result: Any = drive_replay(script, *([{"path": "/"}] * 5), limits={"output_bytes": 16_000})
    assert [len(exchange["body"]) for exchange in result["exchanges"]] == [200, 200, 200, 5000, 5000]
    assert len(json.dumps(result)) < 17_000
    with pytest.raises(TooLong):
        drive_replay(Script(BEGUN, answered("x" * 20_000)), {"path": "/"}, limits={"output_bytes": 16_000})


def test_only_lines_that_were_asked_about_have_run() -> None:
    end = {"ran": {"a.py": [2, 3, 9, "x"], "b.py": [], "other.py": [1]}}
    result = drive_replay(Script(BEGUN, end), watch={"a.py": [1, 2, 3], "b.py": [1]})
    assert result["ran"] == {"a.py": [2, 3]}


def closing(code: object, **parts: object) -> dict[str, Any]:
    return {"problem": "", "exit_code": code, "output": "", **parts}


def test_each_test_has_the_worst_of_its_outcomes() -> None:
    told = [{"test": "a", "outcome": "failed"}, {"test": "a", "outcome": "passed"}, {"test": "b", "outcome": "skipped"}]
    result = drive(parse_job({"kind": "tests"}), Script(*told, closing(1), END))
    assert result == {"problem": "", "exit_code": 1, "outcomes": {"a": "failed", "b": "skipped"}, "output": ""}


PASSED = {"test": "a", "outcome": "passed"}


@pytest.mark.parametrize(
    ("answers", "detail"),
    [
        ([closing(0)], "no test ran"),
        ([PASSED, {"test": "b", "outcome": "failed"}, closing(0)], "a test failed"),
        ([PASSED, {"test": "b", "outcome": "error"}, closing(0)], "a test failed"),
        ([{"test": "b", "outcome": "splendid"}], "no test has"),
        ([{"test": 5, "outcome": "passed"}], "without test"),
        ([PASSED, closing(False)], "exit code"),
        ([PASSED, closing(0, output=None)], "without output"),
    ],
)
def test_a_report_of_tests_that_does_not_add_up_is_tampering(answers: list[dict[str, Any]], detail: str) -> None:
    with pytest.raises(Tampered, match=detail):
        drive(parse_job({"kind": "tests"}), Script(*answers, END))


@pytest.mark.parametrize(
    "answer",
    [
        {"exchange": None, "told": None},
        answered(status="200"),
        answered(body=None),  # type: ignore[arg-type]
        {**answered(), "exchange": "x"},
    ],
)
def test_an_answer_of_another_form_is_tampering(answer: dict[str, Any]) -> None:
    with pytest.raises(Tampered):
        drive_replay(Script(BEGUN, answer, END), {"path": "/"})
