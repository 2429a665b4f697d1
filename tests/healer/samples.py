"""Small model objects that several tests build on."""

from __future__ import annotations

from dataclasses import replace

from healer.model import (
    Answer,
    Assessment,
    Candidate,
    Change,
    Diagnosis,
    Evidence,
    ExceptionInfo,
    Exchange,
    Frame,
    Regression,
    Replay,
    Report,
    Request,
    Site,
    Suite,
    Verdict,
)

CRASH = ExceptionInfo("KeyError", "'x'", bases=("KeyError", "LookupError", "Exception"))
FRAME = Frame("app/main.py", 12, "read", True, "value = TABLE[key]", {12: "    value = TABLE[key]"}, {"key": "'x'"})
LIBRARY = Frame("site-packages/starlette/routing.py", 70, "app", False)
REQUEST = Request("GET", "/things?key=x")


def a_report(**changes: object) -> Report:
    report = Report("r" * 32, "shop", "2026-01-02T03:04:05.000006Z", CRASH, (LIBRARY, FRAME), REQUEST)
    return replace(report, **changes)  # type: ignore[arg-type]


def a_diagnosis(**changes: object) -> Diagnosis:
    site = Site("app/main.py", 12, "read", "the crash line")
    diagnosis = Diagnosis("missing-key", "TABLE has no such key.", site, (site,), Answer.REFUSE, 0.8, 0.1)
    return replace(diagnosis, **changes)  # type: ignore[arg-type]


def a_candidate(**changes: object) -> Candidate:
    change = Change("app/main.py", "value = TABLE[key]\n", "value = TABLE.get(key)\n")
    return replace(Candidate("missing-key", "Look first", (change,), Answer.REFUSE), **changes)  # type: ignore[arg-type]


def crashed(exception: ExceptionInfo = CRASH, frame: Frame = FRAME) -> Exchange:
    return Exchange(500, exception=exception, frames=(LIBRARY, frame))


def answered(status: int, body: str = "{}") -> Exchange:
    return Exchange(status, body=body)


def a_replay(*exchanges: Exchange, problem: str = "") -> Replay:
    return Replay(problem, exchanges)


PASSED = Suite("", {"t.py::test_a": "passed"})
FULL_EVIDENCE = Evidence(
    a_replay(answered(200), crashed()),
    a_replay(answered(200), answered(404)),
    PASSED,
    PASSED,
    not_run=(),
    regression=Regression(Change("tests/test_x.py", "", "x"), "tests/test_x.py::test_x", "failed", "passed"),
)
FULL_VERDICT = Verdict(
    a_candidate(), True, "It fits best.", evidence=FULL_EVIDENCE, assessment=Assessment(0.9, 0.25, (), ())
)
