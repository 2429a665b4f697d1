"""Turns evidence into a verdict: did the crash happen before, is the answer right after, do the neighbours stand.

It runs nothing; the sandbox did. Ranking among accepted candidates is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from healer.model import Answer, Candidate, Difference, Evidence, Exchange, Finding, Replay, Report, Suite, Verdict


def reproduces(report: Report, before: Replay) -> str:
    """Why the replay does not show the reported crash, in words for a person; "" when it does."""
    if before.problem:
        return f"The service did not run in the sandbox: {before.problem}"
    last = before.last
    if last is None:
        return "The report holds no request to send again."
    if last.exception is None and last.value is not None:
        return f"The crash does not reproduce: called with the reported arguments, the function gave {last.value[:80]}."
    if last.exception is None and report.handled:
        return (
            f"The crash cannot be seen from outside: the service handled it and went on, and the same request was "
            f"answered with {last.status} in the sandbox."
        )
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


def judge(
    candidate: Candidate, evidence: Evidence, findings: Iterable[Finding] = (), *, adds_tests: bool = False
) -> Verdict:
    """Accepted only if nothing speaks against it; the first thing that does is the reason.

    `adds_tests`: it may bring tests of its own, as long as they pass.
    """
    broken = tuple(findings)
    reason = _objection(candidate, evidence, broken, adds_tests)
    return Verdict(candidate, not reason, reason or "accepted", broken, evidence)


def _objection(candidate: Candidate, evidence: Evidence, findings: tuple[Finding, ...], adds_tests: bool) -> str:
    if findings:
        first = findings[0]
        return f"guardrail {first.number} ({first.rule}): {first.reason}"
    if evidence.after is None:
        return "it was not run"
    return (
        wrong_answer(candidate, evidence.before, evidence.after)
        or _changed_neighbour(evidence.differences)
        or _broken_tests(evidence.tests_before, evidence.tests_after, adds_tests)
    )


def wrong_answer(candidate: Candidate, before: Replay, after: Replay) -> str:
    """What is wrong with the answer that a patched service gives to the failing request; "" when nothing is."""
    if after.problem:
        return f"the patched service did not run: {after.problem}"
    last = after.last
    if before.last is not None and before.last.status is None and last is not None and last.status is None:
        return _wrong_value(candidate, before.last, last)
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


def _wrong_value(candidate: Candidate, before: Exchange, after: Exchange) -> str:
    """Of a call: a function that refuses raises what its callers answer, an exception made for that."""
    if after.exception is None:
        if candidate.answer in (Answer.REFUSE, Answer.NOT_FOUND):
            return f"it means to refuse, yet the function gives {(after.value or '')[:80]}"
        return ""
    crashed = before.exception
    same = crashed is not None and after.exception.type == crashed.type
    made_for_it = after.exception.is_a("HTTPException") or after.exception.module.partition(".")[0] != "builtins"
    if candidate.answer in (Answer.REFUSE, Answer.NOT_FOUND) and not same and made_for_it:
        return ""
    return f"the call still fails: {_how(after)}"


def _how(exchange: Exchange | None) -> str:
    if exchange is None:
        return "no answer"
    if exchange.exception is None:
        return f"status {exchange.status}"
    place = [f"{frame.file}:{frame.line}" for frame in exchange.frames if frame.in_app][-1:]
    message = exchange.exception.message[:120]
    return f"{exchange.exception.type}: {message}" + (f" at {place[0]}" if place else "")


def _changed_neighbour(differences: Iterable[Difference]) -> str:
    """Recorded good traffic must be answered as it was: the same status, a body of the same shape."""
    for difference in differences:
        if difference.matters:
            return f"it changes the answer to {difference.request}: {difference.what}"
    return ""


def _broken_tests(before: Suite | None, after: Suite | None, adds_tests: bool) -> str:
    if after is None:
        return ""
    if after.problem:
        return f"the service's tests did not run: {after.problem}"
    if before is None:
        return ""
    for test in broken_tests(before, after):
        return f"the test {test} passed before and is now {after.outcomes.get(test, 'missing')}"
    uncollected = {test for test in before.outcomes if "::" not in test}  # files that could not be read before
    for test, outcome in before.outcomes.items():
        if outcome in ("failed", "error") and test not in uncollected and _is_hidden(after.outcomes.get(test)):
            return f"the test {test} failed before and is now {after.outcomes.get(test, 'missing')}"
    for test, outcome in after.outcomes.items():
        if test not in before.outcomes and test.partition("::")[0] not in uncollected and "::" in test:
            if not adds_tests:
                return f"the test {test} was not there before"
            if outcome in ("failed", "error"):
                return f"the new test {test} is {outcome}"
    return ""


def broken_tests(before: Suite, after: Suite) -> tuple[str, ...]:
    """The tests that passed before and do not now."""
    passed = (test for test, outcome in before.outcomes.items() if outcome == "passed")
    return tuple(test for test in passed if after.outcomes.get(test) != "passed")


def _is_hidden(outcome: str | None) -> bool:
    return outcome in (None, "skipped")
