"""Drives a job from outside its jail: sends one request after another, or has the tests run, and keeps the answers.

The next request is made here, out of the answers so far, and none can be answered before it was sent. What remains: the
code under test can find the recorded requests in the memory it was forked with, though no nonce, and it shares its
process with what describes its answers, and with pytest. A hostile patch may answer a request as it likes (that is what
a patch does), hide an exception of its own, name lines that did not run, or patch pytest and report tests as passed
that it has not run. Against that stand the guardrails, which refuse such patches before they run, the tests that were
counted on the unpatched code, and a person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from selfheal.replay.recorded import Session
from selfheal.replay.suite import LEVELS, MOST_OUTCOMES, worse

from .channel import Tampered
from .job import Job

_SHORT_BODY = 200
_FIELDS: dict[str, tuple[type, ...]] = {
    "status": (int, type(None)),
    "headers": (dict,),
    "body": (str,),
    "exception": (dict, type(None)),
    "frames": (list,),
    "seconds": (int, float),
}


class TooLong(Exception):
    """The answers together are longer than a result may be."""


class Line(Protocol):
    """What is said to a running job."""

    def ask(self, do: str, **parts: object) -> dict[str, Any]: ...

    def next(self) -> dict[str, Any]: ...


def drive(job: Job, line: Line) -> dict[str, object]:
    """The result of the job. Raises Tampered and TooLong."""
    result = _DRIVEN[job.kind](job, line)
    end = line.ask("end")
    if job.watch:
        result["ran"] = _ran(end.get("ran"), job.watch)
    return result


def _replay(job: Job, line: Line) -> dict[str, object]:
    """{"problem", "exchanges"}: one exchange a request, in order, up to the first that gets no answer."""
    kept = _Exchanges(job.limits.output_bytes)
    problem = _text(line.ask("begin"), "problem")
    session = Session(job.headers)
    for number, recorded in enumerate(job.requests, 1):
        if problem:
            break
        try:
            request = session.request(recorded).as_json()
        except (ValueError, RecursionError) as error:  # no encoding for it, or too deep
            problem = f"request {number}: it cannot be sent again: {error}"
            break
        ids = recorded.get("ids")
        pointers = list(ids) if isinstance(ids, dict) else []
        answer = line.ask("request", request=request, pointers=pointers, last=number == len(job.requests))
        if answer.get("exchange") is not None:
            kept.add(answer["exchange"])
        said = _text(answer, "problem")
        problem = f"request {number}: {said}" if said else ""
        session.learn(recorded, answer.get("told"))
    return {"problem": problem, "exchanges": kept.exchanges}


def _call(job: Job, line: Line) -> dict[str, object]:
    """{"problem", "exchanges"}: the one exchange has the value instead of an answer."""
    kept = _Exchanges(job.limits.output_bytes)
    answer = line.ask("call")
    if answer.get("exchange") is not None:
        kept.add(answer["exchange"])
        if not isinstance(answer["exchange"].get("value"), (str, type(None))):
            raise Tampered("it sent a value that is none")
    return {"problem": _text(answer, "problem"), "exchanges": kept.exchanges}


def _tests(_job: Job, line: Line) -> dict[str, object]:
    """{"problem", "exit_code", "outcomes": {test id: passed|failed|skipped|error}, "output"}."""
    outcomes: dict[str, str] = {}
    message = line.ask("tests")
    while "test" in message:
        test, outcome = _text(message, "test"), _text(message, "outcome")
        if outcome not in LEVELS:
            raise Tampered("it sent an outcome that no test has")
        if test in outcomes or len(outcomes) < MOST_OUTCOMES:
            outcomes[test] = worse(outcomes.get(test), outcome)
        message = line.next()
    code = message.get("exit_code")
    if isinstance(code, bool) or not isinstance(code, (int, type(None))):
        raise Tampered("it sent an exit code that is none")
    if code == 0 and not outcomes:
        raise Tampered("pytest's exit code tells of success, and no test ran")
    if code == 0 and {"failed", "error"} & set(outcomes.values()):
        raise Tampered("pytest's exit code tells of success, and a test failed")
    return {
        "problem": _text(message, "problem"),
        "exit_code": code,
        "outcomes": outcomes,
        "output": _text(message, "output"),
    }


_DRIVEN = {"replay": _replay, "call": _call, "tests": _tests}


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str):
        raise Tampered(f"it sent an answer without {name}")
    return value


class _Exchanges:
    """What was answered so far, within the bytes a result may have: the earlier ones lose their bodies first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: list[int] = []
        self._shortened = 0  # how many are already
        self.exchanges: list[dict[str, Any]] = []

    def add(self, exchange: object) -> None:
        """Raises Tampered for something that is no exchange, and TooLong."""
        if not isinstance(exchange, dict) or not all(
            isinstance(exchange.get(name), kinds) for name, kinds in _FIELDS.items()
        ):
            raise Tampered("it sent an answer that is none")
        self.exchanges.append(exchange)
        self._sizes.append(len(json.dumps(exchange)))
        if sum(self._sizes) <= self._most:
            return
        for number in range(self._shortened, len(self.exchanges) - 1):
            earlier = self.exchanges[number]
            earlier["body"], earlier["headers"] = earlier["body"][:_SHORT_BODY], {}
            self._sizes[number] = len(json.dumps(earlier))
        self._shortened = len(self.exchanges) - 1
        if sum(self._sizes) > self._most:
            raise TooLong


def _ran(given: object, watch: Mapping[str, tuple[int, ...]]) -> dict[str, list[int]]:
    """Only what was asked about counts."""
    if not isinstance(given, dict) or not all(isinstance(lines, list) for lines in given.values()):
        raise Tampered("it sent lines that are none")
    known = {(file, line) for file in watch for line in given.get(file, ()) if isinstance(line, int)}
    ran = {file: [line for line in lines if (file, line) in known] for file, lines in watch.items()}
    return {file: lines for file, lines in ran.items() if lines}
