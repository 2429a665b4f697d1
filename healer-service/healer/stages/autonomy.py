"""Whether a verdict is full enough to be merged without a person. It merges nothing, and knows nothing of forges."""

from __future__ import annotations

from healer.model import Evidence, Verdict


def why_not(verdict: Verdict, min_confidence: float, max_risk: float) -> str:
    """What is missing, in one sentence; "" when every kind of evidence is there and both thresholds are kept."""
    if not verdict.accepted or verdict.evidence is None or verdict.assessment is None:
        return "There is no accepted and assessed candidate."
    if gap := _gap(verdict.evidence):
        return gap
    confidence, risk = verdict.assessment.confidence, verdict.assessment.risk
    if confidence < min_confidence:
        return f"The confidence is {confidence:.2f}, and {min_confidence:.2f} is set as the least."
    if risk > max_risk:
        return f"The risk is {risk:.2f}, and {max_risk:.2f} is set as the most."
    return ""


def _gap(evidence: Evidence) -> str:
    if evidence.shown_by != "request" or evidence.before.last is None:
        return "No request shows the crash."
    if len(evidence.before.exchanges) < 2:
        return "No recorded good traffic was compared."
    tests = evidence.tests_after
    if tests is None or tests.problem or "passed" not in tests.outcomes.values():
        return "No test of the service ran."
    if evidence.regression is None:
        return "There is no regression test that fails before and passes after."
    if evidence.unsteady:
        return f"Not everything came out the same twice: {'; '.join(evidence.unsteady)}."
    return ""
