"""The evidence of a proposal as a table, its scores as another, and what no evidence covers. It weighs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from healer.model import Assessment, Evidence, Exchange, Part, Report, Suite
from healer.stages.announcement.approximation import approximation
from healer.stages.announcement.wording import code, counted, inert, shown

_MOST_NOTES = 60


def table(report: Report, evidence: Evidence) -> str:
    rows = ["| check | before | after |", "|---|---|---|"]
    after = evidence.after.last if evidence.after else None
    rows.append(f"| {_what_ran(report, evidence)} | {_shown(evidence.before.last)} | {_shown(after)} |")
    if replayed := _replayed(evidence):
        others = min(replayed, len({one.request for one in evidence.differences}))
        kept = f"{replayed - others} of {replayed} the same"
        kept += f", {others} with other values (below)" if others else ""
        rows.append(f"| recorded good traffic | {counted(replayed, 'request')} answered | {kept} |")
    rows.append(f"| the service's tests | {_outcomes(evidence.tests_before)} | {_outcomes(evidence.tests_after)} |")
    if evidence.regression is not None:
        test = evidence.regression
        rows.append(f"| new test {code(test.test)} | {inert(test.before, 20)} | {inert(test.after, 20)} |")
    rows.append("| guardrails | | none broken |")
    notes = list(islice(_notes(evidence), _MOST_NOTES))
    left = len(evidence.differences) + len(evidence.unsteady) - len(notes)
    if why := approximation(report):
        notes.insert(0, f"- Approximate replay: {inert(why)}.")
    if left:
        notes.append(f"- … and {left} more, on the incident's page.")
    return "\n".join([*rows, "", *notes] if notes else rows)


def _notes(evidence: Evidence) -> Iterator[str]:
    yield from (f"- {inert(one.request, 80)}: {shown(one.what, 160)}" for one in evidence.differences)
    yield from (f"- Unsteady: {inert(note, 200)}." for note in evidence.unsteady)


def scores(assessment: Assessment) -> str:
    rows = ["| | points | because |", "|---|---|---|"]
    rows.append(f"| **risk** | **{assessment.risk:.2f}** | |")
    rows += [_part(part) for part in assessment.risk_parts]
    rows.append(f"| **confidence** | **{assessment.confidence:.2f}** | |")
    rows += [_part(part) for part in assessment.confidence_parts]
    return "\n".join(rows)


def not_checked(report: Report, evidence: Evidence) -> str:
    return "\n".join(f"- {gap}" for gap in _gaps(report, evidence))


def _gaps(report: Report, evidence: Evidence) -> Iterator[str]:
    yield "Behaviour under load, and with data that only the running service has."
    if evidence.shown_by == "call":
        yield "The request: the crash was shown by calling the function with the reported values."
    if not _replayed(evidence):
        yield "Other requests: there is no recorded traffic to compare."
    if not evidence.tests_after or not evidence.tests_after.outcomes:
        yield "The service's own tests: there are none that ran."
    if evidence.not_run is None:
        yield "Whether each changed line ran: that was not measured."
    elif evidence.not_run:
        places = ", ".join(code(f"{site.file}:{site.line}") for site in evidence.not_run[:5])
        more = len(evidence.not_run) - 5
        yield f"Changed lines that nothing ran: {places}{f' and {more} more' if more > 0 else ''}."
    if evidence.regression is None:
        yield "A test of its own: none could be written that fails before and passes after."
    if report.earlier_requests and len(evidence.before.exchanges) <= 1:
        yield "The state that earlier requests had built."


def _what_ran(report: Report, evidence: Evidence) -> str:
    if evidence.shown_by == "call" or report.request is None:
        return "the function at fault, called"
    return code(report.request.route, 80)


def _replayed(evidence: Evidence) -> int:
    """Recorded requests that were sent before the failing one."""
    return max(0, len(evidence.before.exchanges) - 1) if evidence.shown_by == "request" else 0


def _part(part: Part) -> str:
    return f"| {inert(part.name, 60)} | {part.points:+.2f} | {inert(part.why, 160)} |"


def _shown(exchange: Exchange | None) -> str:
    if exchange is None:
        return "not run"
    if exchange.exception is not None:
        verb = "crashes with" if exchange.status is not None else "raises"
        return f"{verb} {inert(exchange.exception.type, 60)}"
    if exchange.value is not None:
        return f"gives {shown(exchange.value, 120)}"
    return f"{exchange.status} {shown(exchange.body, 120)}"


def _outcomes(suite: Suite | None) -> str:
    if suite is None or suite.problem:
        return "not run" + (f": {inert(suite.problem, 80)}" if suite else "")
    outcomes = list(suite.outcomes.values())
    failed = sum(outcome in ("failed", "error") for outcome in outcomes)
    return f"{outcomes.count('passed')} passed, {failed} failed"
