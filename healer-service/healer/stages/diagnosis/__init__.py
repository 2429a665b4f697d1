"""From a report and the source to a diagnosis: category, cause, where to fix, which answer.

It proposes no change and runs nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from healer.model import PYTHON, Answer, Diagnosis, Part, Report, Site
from healer.stages.diagnosis.cause import answer_wanted, cause_of, fix_sites, origins_told
from healer.stages.diagnosis.foreign import diagnose_foreign
from healer.stages.diagnosis.measure import confidence_of, confidence_parts, risk_of, risk_parts
from healer.stages.diagnosis.outside import no_code_change
from healer.stages.diagnosis.siblings import siblings
from healer.stages.diagnosis.trail import trail_of, value_of
from healer.syntax.crash import categorise
from healer.syntax.situation import Situation


def diagnose(report: Report, sources: Mapping[str, str]) -> Diagnosis:
    """`sources` is every .py file of the repository, by path. Never raises for what a report says."""
    if report.platform != PYTHON:
        return diagnose_foreign(report)
    situation = Situation.of(report, sources)
    reason = no_code_change(report, situation)
    if situation is None:
        return _without_source(report, reason, sources)
    crash = situation.crash
    fault = Site(crash.frame.file, crash.frame.line, _name(situation), "it crashed here")
    if reason:
        category = "outside" if crash.category != "raised-on-purpose" else crash.category
        cause = _short(reason)
        risk = risk_of(situation)
        return Diagnosis(category, cause, fault, (), Answer.NONE, 0.9, risk, _text(crash.expression), "", reason)
    answer = answer_wanted(situation)
    return Diagnosis(
        category=crash.category,
        cause=_short(cause_of(situation)),
        fault=fault,
        fix_sites=tuple(fix_sites(situation, answer)),
        answer=answer,
        confidence=confidence_of(situation),
        risk=risk_of(situation),
        expression=_text(crash.expression),
        culprit=_text(crash.culprit),
        siblings=siblings(situation),
        value=value_of(situation),
        origins=origins_told(situation),
        trail=trail_of(situation),
        confidence_parts=_parts(confidence_parts(situation)),
        risk_parts=_parts(risk_parts(situation)),
    )


def _without_source(report: Report, reason: str, sources: Mapping[str, str]) -> Diagnosis:
    frames = report.app_frames
    last = frames[-1] if frames else None
    fault = Site(last.file, last.line, last.function) if last is not None else Site("", 0, "")
    if not reason and last is None:
        reason = "No line of the service is on the stack."
    elif not reason and last is not None:
        known = last.file in sources
        reason = f"{last.file} has no code at line {last.line}." if known else f"{last.file} is not in the repository."
    category = categorise(report.exception, None, report)
    return Diagnosis(category, reason, fault, (), Answer.NONE, 0.2, 0.0, decline_reason=reason)


def _name(situation: Situation) -> str:
    return situation.function.name if situation.function is not None else situation.crash.frame.function


def _text(node: ast.expr | None) -> str:
    return " ".join(ast.unparse(node).split())[:200] if node is not None else ""


def _parts(points: Mapping[str, float]) -> tuple[Part, ...]:
    return tuple(Part(name, value, "") for name, value in points.items())


def _short(text: str, words: int = 30) -> str:
    parts = text.split()
    return text if len(parts) <= words else " ".join(parts[: words - 1]) + " …"
