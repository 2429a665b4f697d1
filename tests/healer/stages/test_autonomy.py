from dataclasses import replace

import pytest
from healer.model import Replay, Suite
from healer.stages.autonomy import why_not

from tests.healer.samples import FULL_EVIDENCE, FULL_VERDICT, PASSED, a_replay, crashed


def test_a_full_verdict_within_both_thresholds_needs_no_person() -> None:
    assert why_not(FULL_VERDICT, 0.9, 0.25) == ""


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
    verdict = replace(FULL_VERDICT, evidence=replace(FULL_EVIDENCE, **changes))  # type: ignore[arg-type]
    assert why_not(verdict, 0.0, 1.0) == reason


def test_the_thresholds_are_the_services_own() -> None:
    assert why_not(FULL_VERDICT, 0.91, 0.25) == "The confidence is 0.90, and 0.91 is set as the least."
    assert why_not(FULL_VERDICT, 0.9, 0.24) == "The risk is 0.25, and 0.24 is set as the most."


@pytest.mark.parametrize("changes", [{"accepted": False}, {"evidence": None}, {"assessment": None}])
def test_what_was_not_judged_is_not_merged(changes: dict[str, object]) -> None:
    assert why_not(replace(FULL_VERDICT, **changes), 0.0, 1.0)  # type: ignore[arg-type]
