"""Turns evidence into a verdict: did the crash happen before, is the answer right after, do the neighbours stand.

It runs nothing; the sandbox did. Ranking among accepted candidates is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from healer.model import Answer, Candidate, Evidence, Exchange, Finding, Replay, Report, Suite, Verdict


def reproduces(report: Report, before: Replay) -> str:
    """Why the replay does not show the reported crash, in words for a person; "" when it does."""
    if before.problem:
        return f"The service did not run in the sandbox: {before.problem}"
    last = before.last
    if last is None:
        return "The report holds no request to send again."
    if last.exception is None:
        return f"The crash does not reproduce: the same request was answered with {last.status} in the sandbox."
    if last.exception.type != report.exception.type:
        return (
            f"The crash does not reproduce: the sandbox saw {last.exception.type} "
            f"where {report.exception.type} was reported."
        )
    there = [(frame.file, frame.function) for frame in last.frames if frame.in_app][-1:]
    reported = [(frame.file, frame.function) for frame in report.app_frames][-1:]
    if reported and there != reported:
        place = f"{there[0][0]} in {there[0][1]}" if there else "a library"
        return f"The crash does not reproduce: {last.exception.type} came from {place}, not from where it was reported."
    return ""


def judge(candidate: Candidate, evidence: Evidence, findings: Iterable[Finding] = ()) -> Verdict:
    """Accepted only if nothing speaks against it; the first thing that does is the reason."""
    broken = tuple(findings)
    reason = _objection(candidate, evidence, broken)
    return Verdict(candidate, not reason, reason or "accepted", broken, evidence)


def _objection(candidate: Candidate, evidence: Evidence, findings: tuple[Finding, ...]) -> str:
    if findings:
        first = findings[0]
        return f"guardrail {first.number} ({first.rule}): {first.reason}"
    if evidence.after is None:
        return "it was not run"
    return (
        _wrong_answer(candidate, evidence.after)
        or _changed_neighbour(evidence.before, evidence.after)
        or _broken_tests(evidence.tests_before, evidence.tests_after)
    )


def _wrong_answer(candidate: Candidate, after: Replay) -> str:
    if after.problem:
        return f"the patched service did not run: {after.problem}"
    last = after.last
    if last is None or last.crashed:
        return f"the request still fails: {_how(last)}"
    assert last.status is not None
    if last.status >= 500:
        return f"the request is answered with {last.status}, which still is a failure of the server"
    refusal = 400 <= last.status < 500
    if candidate.answer in (Answer.REFUSE, Answer.NOT_FOUND) and not refusal:
        return f"it means to refuse the request, yet the answer is {last.status}"
    if candidate.answer in (Answer.NATURAL_VALUE, Answer.CONVERT) and refusal:
        return f"it means to answer the request, yet the answer is {last.status}"
    return ""


def _how(exchange: Exchange | None) -> str:
    if exchange is None:
        return "no answer"
    if exchange.exception is None:
        return f"status {exchange.status}"
    place = [f"{frame.file}:{frame.line}" for frame in exchange.frames if frame.in_app][-1:]
    message = exchange.exception.message[:120]
    return f"{exchange.exception.type}: {message}" + (f" at {place[0]}" if place else "")


def _changed_neighbour(before: Replay, after: Replay) -> str:
    """Earlier requests of the replay must be answered as they were."""
    for number, (old, new) in enumerate(zip(before.exchanges[:-1], after.exchanges[:-1], strict=False), 1):
        if old.status != new.status:
            return f"it changes the answer of earlier request {number} from {old.status} to {new.status}"
    return ""


def _broken_tests(before: Suite | None, after: Suite | None) -> str:
    if after is None:
        return ""
    if after.problem:
        return f"the service's tests did not run: {after.problem}"
    if before is None:
        return ""
    for test, outcome in before.outcomes.items():
        if outcome == "passed" and after.outcomes.get(test) != "passed":
            return f"the test {test} passed before and is now {after.outcomes.get(test, 'missing')}"
    return ""
