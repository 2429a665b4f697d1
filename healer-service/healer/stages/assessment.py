"""How far the evidence carries: confidence and risk of a verdict as sums of named parts, and what each level allows.

It judges no patch; judgement has. The points are a convention: a fix with every kind of evidence comes to one; a crash
that was shown, a right answer and a test of it carry a proposal; without any test it is a draft.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from healer.model import Assessment, Candidate, Change, Diagnosis, Evidence, Part, Suite, Verdict
from healer.syntax import coverage
from healer.syntax.changes import Span, size_of, spans_of
from healer.syntax.project import Function, Project
from healer.syntax.stakes import stakes

# What a confidence below each allows; from the last on it is a proposal.
NOTHING, DIAGNOSIS, DRAFT = 0.40, 0.66, 0.78


def level(confidence: float) -> str:
    """How far automation goes: nothing | diagnosis | draft | proposal."""
    if confidence < NOTHING:
        return "nothing"
    if confidence < DIAGNOSIS:
        return "diagnosis"
    return "draft" if confidence < DRAFT else "proposal"


def assess(
    candidate: Candidate,
    evidence: Evidence,
    diagnosis: Diagnosis,
    project: Project,
    *,
    grounds: float,
    record: float,
    approximate: str = "",
) -> Assessment:
    """Of a candidate that nothing speaks against.

    `grounds`: 0 to 1, what the code around the change says for it. `record`: -1 to 1, what became of such proposals.
    `approximate`: why the replay was no true one; "" when it was.
    """
    sure = [part for part in _confidence(candidate, evidence, diagnosis, grounds, record) if part.points or part.why]
    if approximate:
        sure.append(Part("approximate replay", -0.05, approximate))
    risk = list(_risk(candidate, evidence, project))
    return Assessment(_sum(sure), _sum(risk), tuple(sure), tuple(risk))


def too_little(verdict: Verdict) -> str:
    """Why the evidence does not carry a proposal, not even a draft; "" when it does."""
    assert verdict.assessment is not None
    confidence = verdict.assessment.confidence
    if level(confidence) in ("draft", "proposal"):
        return ""
    parts = ", ".join(f"{part.name} {part.points:.2f}" for part in verdict.assessment.confidence_parts)
    return (
        f"it stands, but the evidence carries no proposal: the confidence is {confidence:.2f}, and {DIAGNOSIS:.2f} is "
        f"needed ({parts}); a person has to decide"
    )


def is_draft(verdict: Verdict) -> bool:
    return verdict.assessment is not None and level(verdict.assessment.confidence) != "proposal"


def _sum(parts: Sequence[Part]) -> float:
    return round(min(1.0, max(0.0, sum(part.points for part in parts))), 2)


def _confidence(
    candidate: Candidate, evidence: Evidence, diagnosis: Diagnosis, grounds: float, record: float
) -> Iterator[Part]:
    if evidence.shown_by == "request":
        yield Part("reproduced", 0.25, "the failing request crashes the code as it was, at the reported place")
        answer = 0.20 if candidate.answer == diagnosis.answer else 0.16
        yield Part("answered", answer, "the same request gets an answer of the kind that is wanted")
    else:
        yield Part("reproduced", 0.15, "the function crashes with the arguments of the report; no request shows it")
        yield Part("answered", 0.12, "the same call no longer crashes")
    if candidate.engine == "llm":
        yield Part("grounds", 0.08, "a model wrote it; nothing in the code says that this is the answer")
    else:
        yield Part("grounds", round(0.15 * grounds, 3), f"the code around it speaks for it with {grounds:.2f} of 1")
    yield _neighbours(evidence)
    yield _tests(evidence.tests_after)
    yield _covered(candidate, evidence)
    if evidence.regression is not None:
        yield Part("regression test", 0.05, "a new test fails before and passes after")
    else:
        yield Part("regression test", 0.0, "none could be written that fails before and passes after")
    if record:
        yield Part("record", round(0.05 * record, 3), "what people did with such proposals before")
    if evidence.unsteady:
        yield Part("unsteady", -0.10, "; ".join(evidence.unsteady))


def _neighbours(evidence: Evidence) -> Part:
    compared = max(0, len(evidence.before.exchanges) - 1) if evidence.shown_by == "request" else 0
    if not compared:
        return Part("neighbours", 0.04, "no recorded traffic to compare")
    if evidence.differences:
        return Part("neighbours", 0.07, f"{compared} recorded requests keep status and shape; some values differ")
    return Part("neighbours", 0.10, f"{compared} recorded requests are answered as before")


def _tests(suite: Suite | None) -> Part:
    passed = list(suite.outcomes.values()).count("passed") if suite is not None else 0
    if not passed:
        return Part("tests", 0.03, "the service has no tests that ran")
    return Part("tests", 0.12, f"{passed} tests of the service pass as before")


def _covered(candidate: Candidate, evidence: Evidence) -> Part:
    if evidence.not_run is None:
        return Part("changed lines ran", 0.04, "it was not measured which lines ran")
    share = coverage.share(candidate, evidence.not_run)
    return Part("changed lines ran", round(0.08 * share, 3), f"{share:.0%} of the changed statements ran")


def _risk(candidate: Candidate, evidence: Evidence, project: Project) -> Iterator[Part]:
    yield Part("any change", 0.05, "code that runs is changed")
    lines = sum(size_of(change) for change in candidate.changes)
    yield Part("size", round(min(0.1, lines / 200), 3), f"{lines} lines in {_counted(len(candidate.changes), 'file')}")
    if len(candidate.changes) > 1:
        yield Part("several files", 0.1, ", ".join(change.file for change in candidate.changes))
    found: dict[str, tuple[float, str]] = {}
    for change in candidate.changes:
        for function in _touched(project, change):
            for name, points in stakes(project, function).items():
                if points > found.get(name, (0.0, ""))[0]:
                    found[name] = points, f"{function.name} in {change.file}"
    for name, (points, why) in found.items():
        yield Part(name, round(points, 3), why)
    if evidence.not_run:
        share = 1 - coverage.share(candidate, evidence.not_run)
        yield Part("lines that nothing ran", round(0.2 * share, 3), f"{share:.0%} of the changed statements")


def _touched(project: Project, change: Change) -> list[Function]:
    """The functions of the code as it was that a change alters."""
    module = project.modules.get(change.file)
    if module is None:
        return []
    lines = {line for span in spans_of(change) for line in _altered(span)}
    return [
        function
        for function in module.functions
        if not lines.isdisjoint(range(function.node.lineno, (function.node.end_lineno or 0) + 1))
    ]


def _altered(span: Span) -> range:
    """Lines of the text before; an insertion counts as the line it follows."""
    if span.old_end > span.old_start:
        return range(span.old_start, span.old_end)
    return range(span.old_start - 1, span.old_start)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
