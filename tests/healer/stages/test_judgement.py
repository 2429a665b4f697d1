from dataclasses import replace

import pytest
from healer.model import Answer, Difference, Evidence, ExceptionInfo, Exchange, Finding, Frame, Replay, Suite
from healer.stages.judgement import judge, reproduces

from tests.healer.samples import CRASH, FRAME, a_candidate, a_replay, a_report, answered, crashed

A, B = "t.py::test_a", "t.py::test_b"


def suite(run: dict[str, str] | str) -> Suite:
    """Outcomes, or why there are none."""
    return Suite(run) if isinstance(run, str) else Suite("", run)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (a_replay(crashed()), ""),
        (a_replay(answered(201), crashed()), ""),
        (a_replay(problem="import: no module"), "did not run in the sandbox: import: no module"),
        (a_replay(), "no request"),
        (a_replay(answered(200)), "answered with 200"),
        (a_replay(Exchange(None, value="3")), "the function gave 3"),
        (a_replay(crashed(ExceptionInfo("ValueError", "x"))), "ValueError where KeyError was reported"),
        (a_replay(crashed(frame=replace(FRAME, function="other"))), "from app/main.py in other"),
        (a_replay(crashed(frame=Frame("lib/x.py", 1, "f", False))), "from a library"),
    ],
)
def test_reproduces(before: Replay, said: str):
    reason = reproduces(a_report(), before)
    assert (said in reason) if said else reason == ""


def test_what_the_service_handled_itself_is_not_seen_from_outside():
    report = a_report(handled=True)
    assert "the service handled it and went on" in reproduces(report, a_replay(answered(200)))
    assert reproduces(report, a_replay(crashed())) == ""


REFUSES = a_candidate()
ANSWERS = a_candidate(answer=Answer.NATURAL_VALUE)
CORRECTS = a_candidate(answer=Answer.CORRECT)
BEFORE = a_replay(answered(201), crashed())
OK = a_replay(answered(201), answered(404))


@pytest.mark.parametrize(
    ("candidate", "after", "tests", "said"),
    [
        (REFUSES, OK, None, ""),
        (ANSWERS, a_replay(answered(201), answered(200)), None, ""),
        (CORRECTS, a_replay(answered(201), answered(302)), None, ""),
        (REFUSES, None, None, "not run"),
        (REFUSES, a_replay(problem="timeout"), None, "did not run: timeout"),
        (REFUSES, BEFORE, None, "still fails: KeyError: 'x' at app/main.py:12"),
        (REFUSES, a_replay(answered(201), answered(500)), None, "still fails: status 500"),
        (REFUSES, a_replay(answered(201), answered(503)), None, "503"),
        (REFUSES, a_replay(answered(201), answered(200)), None, "means to refuse"),
        (ANSWERS, OK, None, "means to answer"),
        (REFUSES, OK, ({A: "passed", B: "failed"}, {A: "passed", B: "failed"}), ""),
        (REFUSES, OK, ({A: "passed", B: "failed"}, {A: "passed", B: "passed"}), ""),
        (REFUSES, OK, ({A: "passed"}, {A: "failed"}), f"test {A} passed before and is now failed"),
        (REFUSES, OK, ({A: "passed"}, {}), "now missing"),
        (REFUSES, OK, ({A: "passed"}, {A: "skipped"}), "now skipped"),
        (REFUSES, OK, ({A: "passed", B: "failed"}, {A: "passed"}), f"test {B} failed before and is now missing"),
        (REFUSES, OK, ({A: "error"}, {A: "skipped"}), f"test {A} failed before and is now skipped"),
        (REFUSES, OK, ({A: "passed"}, {A: "passed", B: "passed"}), f"test {B} was not there before"),
        (REFUSES, OK, ({"t.py": "error"}, {A: "passed", B: "passed"}), ""),  # a file that can be read now
        (REFUSES, OK, ({A: "passed"}, "out of memory"), "did not run: out of memory"),
    ],
)
def test_judge(candidate, after, tests, said):
    before_tests, after_tests = (None if run is None else suite(run) for run in tests or (None, None))
    verdict = judge(candidate, Evidence(BEFORE, after, before_tests, after_tests))
    assert verdict.accepted is (said == "")
    assert said in verdict.reason


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ((), ""),
        ((Difference("GET /a", "body: /n is 2 where it was 1", matters=False),), ""),
        ((Difference("GET /a", "status 200, now 404"),), "it changes the answer to GET /a: status 200, now 404"),
    ],
)
def test_good_traffic_keeps_its_answers(differences: tuple[Difference, ...], said: str):
    verdict = judge(REFUSES, Evidence(BEFORE, OK, differences=differences))
    assert (verdict.accepted, verdict.reason) == (not said, said or "accepted")


@pytest.mark.parametrize(
    ("outcome", "said"), [("passed", ""), ("skipped", ""), ("failed", f"the new test {B} is failed")]
)
def test_what_a_person_wrote_may_bring_tests_that_pass(outcome: str, said: str):
    evidence = Evidence(BEFORE, OK, tests_before=suite({A: "passed"}), tests_after=suite({A: "passed", B: outcome}))
    assert judge(REFUSES, evidence, adds_tests=True).reason == (said or "accepted")
    assert judge(REFUSES, evidence).reason == f"the test {B} was not there before"


HTTP = ExceptionInfo("HTTPException", "404", "fastapi.exceptions", ("HTTPException", "Exception"))
OWN = ExceptionInfo("UnknownRate", "XXX", "shop.errors", ("UnknownRate", "Exception"))


@pytest.mark.parametrize(
    ("candidate", "after", "said"),
    [
        (CORRECTS, Exchange(None, value="3"), ""),
        (ANSWERS, Exchange(None, value="None"), ""),
        (REFUSES, Exchange(None, value="3"), "means to refuse, yet the function gives 3"),
        (REFUSES, Exchange(None, exception=HTTP), ""),
        (REFUSES, Exchange(None, exception=OWN), ""),
        (REFUSES, Exchange(None, exception=ExceptionInfo("TypeError", "x")), "the call still fails: TypeError"),
        (CORRECTS, Exchange(None, exception=HTTP), "the call still fails: HTTPException"),
        (REFUSES, Exchange(None, exception=CRASH, frames=(FRAME,)), "the call still fails: KeyError"),
    ],
)
def test_a_call_is_judged_by_its_value_or_by_what_it_raises(candidate, after: Exchange, said: str):
    before = a_replay(Exchange(None, exception=CRASH, frames=(FRAME,)))
    verdict = judge(candidate, Evidence(before, a_replay(after), shown_by="call"))
    assert verdict.accepted is (said == "")
    assert said in verdict.reason


def test_a_broken_guardrail_speaks_before_all_else():
    verdict = judge(REFUSES, Evidence(BEFORE, OK), [Finding("catch-all", 1, "app/main.py", 3, "it catches everything")])
    assert not verdict.accepted
    assert verdict.reason == "guardrail 1 (catch-all): it catches everything"
