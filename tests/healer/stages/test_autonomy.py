from dataclasses import replace

import pytest
from healer.model import Assessment, Change, Evidence, Regression, Replay, Suite, Verdict
from healer.stages.autonomy import why_not

from tests.healer.samples import a_candidate, a_replay, answered, crashed

PASSED = Suite("", {"t.py::test_a": "passed"})
EVIDENCE = Evidence(
    a_replay(answered(200), crashed()),
    a_replay(answered(200), answered(404)),
    PASSED,
    PASSED,
    regression=Regression(Change("t.py", "", "x"), "t.py::test_x", "failed", "passed"),
)
FULL = Verdict(a_candidate(), True, "accepted", evidence=EVIDENCE, assessment=Assessment(0.9, 0.25, (), ()))


def test_a_full_verdict_within_both_thresholds_needs_no_person() -> None:
    assert why_not(FULL, 0.9, 0.25) == ""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shown_by": "call"}, "No request shows the crash."),
        ({"before": Replay("timeout")}, "No request shows the crash."),
        ({"before": a_replay(crashed())}, "No recorded good traffic was compared."),
        ({"tests_after": None}, "No test of the service ran."),
        ({"tests_after": Suite("timeout", PASSED.outcomes)}, "No test of the service ran."),
        ({"tests_after": Suite("", {"t.py::test_a": "skipped"})}, "No test of the service ran."),
        ({"regression": None}, "There is no regression test that fails before and passes after."),
        ({"unsteady": ("a body",)}, "Not everything came out the same twice: a body."),
    ],
)
def test_each_kind_of_evidence_is_needed(changes: dict[str, object], reason: str) -> None:
    verdict = replace(FULL, evidence=replace(EVIDENCE, **changes))  # type: ignore[arg-type]
    assert why_not(verdict, 0.0, 1.0) == reason


def test_the_thresholds_are_the_services_own() -> None:
    assert why_not(FULL, 0.91, 0.25) == "The confidence is 0.90, and 0.91 is set as the least."
    assert why_not(FULL, 0.9, 0.24) == "The risk is 0.25, and 0.24 is set as the most."


@pytest.mark.parametrize("changes", [{"accepted": False}, {"evidence": None}, {"assessment": None}])
def test_what_was_not_judged_is_not_merged(changes: dict[str, object]) -> None:
    assert why_not(replace(FULL, **changes), 0.0, 1.0)  # type: ignore[arg-type]
