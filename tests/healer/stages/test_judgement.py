from dataclasses import replace

import pytest
from healer.model import Answer, Evidence, ExceptionInfo, Finding, Frame, Replay, Suite
from healer.stages.judgement import judge, reproduces

from tests.healer.samples import FRAME, a_candidate, a_replay, a_report, answered, crashed


def suite(**outcomes: str) -> Suite:
    return Suite("", outcomes)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (a_replay(crashed()), ""),
        (a_replay(answered(201), crashed()), ""),
        (a_replay(problem="import: no module"), "did not run in the sandbox: import: no module"),
        (a_replay(), "no request"),
        (a_replay(answered(200)), "answered with 200"),
        (a_replay(crashed(ExceptionInfo("ValueError", "x"))), "ValueError where KeyError was reported"),
        (a_replay(crashed(frame=replace(FRAME, function="other"))), "from app/main.py in other"),
        (a_replay(crashed(frame=Frame("lib/x.py", 1, "f", False))), "from a library"),
    ],
)
def test_reproduces(before: Replay, said: str):
    reason = reproduces(a_report(), before)
    assert (said in reason) if said else reason == ""


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
        (REFUSES, a_replay(answered(400), answered(404)), None, "earlier request 1 from 201 to 400"),
        (REFUSES, OK, (suite(a="passed", b="failed"), suite(a="passed", b="failed")), ""),
        (REFUSES, OK, (suite(a="passed"), suite(a="failed")), "test a passed before and is now failed"),
        (REFUSES, OK, (suite(a="passed"), suite()), "now missing"),
        (REFUSES, OK, (suite(a="passed"), suite(a="skipped")), "now skipped"),
        (REFUSES, OK, (suite(a="passed"), Suite("out of memory")), "did not run: out of memory"),
    ],
)
def test_judge(candidate, after, tests, said):
    before_tests, after_tests = tests or (None, None)
    verdict = judge(candidate, Evidence(BEFORE, after, before_tests, after_tests))
    assert verdict.accepted is (said == "")
    assert said in verdict.reason


def test_a_broken_guardrail_speaks_before_all_else():
    verdict = judge(REFUSES, Evidence(BEFORE, OK), [Finding("catch-all", 1, "app/main.py", 3, "it catches everything")])
    assert not verdict.accepted
    assert verdict.reason == "guardrail 1 (catch-all): it catches everything"
