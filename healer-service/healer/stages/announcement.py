"""The text of a proposal: title, body, commit message. All text that came from a report is made inert first."""

from __future__ import annotations

import re

from healer.model import (
    Answer,
    Assessment,
    Candidate,
    Change,
    Diagnosis,
    Evidence,
    Exchange,
    Part,
    Report,
    Site,
    Suite,
    Suspect,
    Verdict,
)
from healer.syntax.changes import spans_of
from healer.syntax.project import parse_module

# What begins a mention, a reference, a link or an entity; a word joiner after it keeps it from being one.
_STARTS = re.compile(r"[@#&]|:(?=//)|\b(?:www(?=\.)|GH(?=-\d))", re.I)
_ANSWERS = {
    Answer.REFUSE: "refuse the request with a clear message",
    Answer.NOT_FOUND: "say that there is no such thing",
    Answer.NATURAL_VALUE: "answer with the natural value of nothing",
    Answer.CONVERT: "bring the value into the right type",
    Answer.CORRECT: "correct the logic",
    Answer.NONE: "leave the code alone",
}


def inert(text: str, limit: int = 300) -> str:
    """One line in which nothing is a mention, an issue reference, a link, HTML or markup."""
    flat = " ".join(_visible(text).split())
    flat = _STARTS.sub(lambda found: f"{found.group()}\u2060", flat.replace("`", "'"))
    flat = flat.replace("<", "‹").replace(">", "›").replace("|", "¦").replace("[", "⟦").replace("]", "⟧")
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def _visible(text: str) -> str:
    """Without characters that do not show or change how others show; whatever ends a line is a plain end of line."""
    return "\n".join("".join(filter(str.isprintable, line.expandtabs(4))) for line in text.splitlines())


def fenced(text: str) -> str:
    """A code fence that its content cannot close."""
    clean = _visible(text)
    longest = max((len(run) for run in re.findall(r"`+", clean)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{clean}\n{fence}"


def title(report: Report, verdict: Verdict) -> str:
    summary = inert(verdict.candidate.summary, 60).rstrip(".")
    where = inert(report.request.route, 40) if report.request else ""
    return f"Fix {inert(report.exception.type, 40)} on {where}: {summary}" if where else f"Fix {summary}"


def commit_message(report: Report, diagnosis: Diagnosis, verdict: Verdict, incident_id: str) -> str:
    return (
        f"{title(report, verdict)}\n\n{inert(diagnosis.cause)}\n\n"
        f"Origin: {inert(verdict.candidate.origin, 80)}\nHealer-Incident: {incident_id}\n"
    )


def changes(verdict: Verdict) -> tuple[Change, ...]:
    """What the proposal's commit holds: the fix, and its regression test where there is one."""
    regression = verdict.evidence.regression if verdict.evidence is not None else None
    return (*verdict.candidate.changes, *([regression.change] if regression is not None else ()))


def body(
    report: Report,
    diagnosis: Diagnosis,
    chosen: Verdict,
    others: tuple[Verdict, ...],
    *,
    count: int,
    first_seen: str,
    last_seen: str,
    incident_url: str,
) -> str:
    assert chosen.evidence is not None
    words = f" In the model's words: “{inert(chosen.candidate.note)}”" if chosen.candidate.note else ""
    refused = [_not_taken(verdict) for verdict in others]
    sections = [
        f"{inert(diagnosis.cause)}",
        f"Seen {count} time{'s' if count != 1 else ''}, first {first_seen[:19]}Z, last {last_seen[:19]}Z. "
        f"Incident: {incident_url}",
        "### What happened\n" + fenced(_traceback(report)) + _last_changed(diagnosis.suspect),
        "### Evidence\n" + _evidence(report, chosen.evidence),
        f"### The fix\n{inert(chosen.candidate.summary)}. The aim is to {_ANSWERS[chosen.candidate.answer]}. "
        f"{inert(chosen.reason)}{words}",
        f"Origin: {inert(chosen.candidate.origin, 80)}.",
        *_assessed(chosen.assessment),
        "### Candidates not taken\n" + ("\n".join(refused) if refused else "None."),
        *_alike(diagnosis, chosen.candidate),
        "### Not checked\n" + _not_checked(report, chosen.evidence),
        "### Undo\nRevert the merge commit; the healer then releases the branch as it was.",
    ]
    return "\n\n".join(sections) + "\n"


def _last_changed(suspect: Suspect | None) -> str:
    if suspect is None:
        return ""
    who, what = inert(suspect.author, 60), inert(suspect.summary, 120)
    return f"\n\nThe line that crashed was last changed in {suspect.commit[:7]} by {who} on {suspect.date[:10]}: {what}"


def _alike(diagnosis: Diagnosis, chosen: Candidate) -> list[str]:
    """A section with the places that look like the fault; those whose line the fix replaces are healed with it."""
    left = [site for site in diagnosis.siblings if not any(_replaces(change, site) for change in chosen.changes)]
    if not left:
        return []
    lines = [f"- {inert(site.file, 120)}:{site.line} in {inert(site.function, 60)}: {inert(site.why)}" for site in left]
    if not any(_is_around(change, diagnosis.fault) for change in chosen.changes):
        lines.append("\nThe fix is in another function than the fault, so these may be healed with it.")
    return ["### Not changed here, but looks alike\n" + "\n".join(lines)]


def _edits(change: Change) -> list[tuple[int, int, bool]]:
    """First and last line of each edit in the text before, and whether lines were taken away there."""
    return [
        (span.old_start, max(span.old_start, span.old_end - 1), span.old_end > span.old_start)
        for span in spans_of(change)
    ]


def _replaces(change: Change, site: Site) -> bool:
    return change.file == site.file and any(first <= site.line <= last for first, last, gone in _edits(change) if gone)


def _is_around(change: Change, fault: Site) -> bool:
    """Whether the function at fault is changed."""
    module = parse_module(change.file, change.before) if change.file == fault.file else None
    function = module.function_at(fault.line) if module is not None else None
    if function is None:
        return change.file == fault.file
    head = min(part.lineno for part in (function.node, *function.node.decorator_list))
    return any(first <= (function.node.end_lineno or 0) and last >= head for first, last, _ in _edits(change))


def _not_taken(verdict: Verdict) -> str:
    candidate = verdict.candidate
    return f"- {inert(candidate.origin, 60)}, {inert(candidate.summary, 100)}: {inert(verdict.reason, 200)}"


def _traceback(report: Report) -> str:
    lines = ["Traceback (most recent call last):"]
    for frame in report.app_frames[-8:] or report.frames[-4:]:
        lines += [f'  File "{frame.file}", line {frame.line}, in {frame.function}', f"    {frame.source}"]
    lines.append(f"{report.exception.type}: {report.exception.message[:500]}")
    return "\n".join(lines)


def _evidence(report: Report, evidence: Evidence) -> str:
    by_call = evidence.shown_by == "call" or report.request is None
    route = "the function at fault, called" if by_call else inert(report.request.route, 60) if report.request else ""
    rows = ["| check | before | after |", "|---|---|---|"]
    after = evidence.after.last if evidence.after else None
    rows.append(f"| {route} | {_shown(evidence.before.last)} | {_shown(after)} |")
    earlier = len(evidence.before.exchanges) - 1
    if earlier > 0:
        kept = "the same statuses and shapes" + (", other values (below)" if evidence.differences else "")
        rows.append(f"| recorded good traffic | {earlier} answered | {kept} |")
    rows.append(f"| the service's tests | {_counted(evidence.tests_before)} | {_counted(evidence.tests_after)} |")
    if evidence.regression is not None:
        test = evidence.regression
        rows.append(f"| new test {inert(test.test, 120)} | {inert(test.before, 20)} | {inert(test.after, 20)} |")
    rows.append("| guardrails | | none broken |")
    notes = [f"- {inert(one.request, 80)}: {inert(one.what, 160)}" for one in evidence.differences]
    notes += [f"- Unsteady: {inert(note, 200)}." for note in evidence.unsteady]
    return "\n".join([*rows, "", *notes] if notes else rows)


def _assessed(assessment: Assessment | None) -> list[str]:
    if assessment is None:
        return []
    rows = ["| | points | because |", "|---|---|---|"]
    rows.append(f"| **confidence** | **{assessment.confidence:.2f}** | |")
    rows += [_part(part) for part in assessment.confidence_parts]
    rows.append(f"| **risk** | **{assessment.risk:.2f}** | |")
    rows += [_part(part) for part in assessment.risk_parts]
    return ["### Confidence and risk\n" + "\n".join(rows)]


def _part(part: Part) -> str:
    return f"| {part.name} | {part.points:+.2f} | {inert(part.why, 160)} |"


def _shown(exchange: Exchange | None) -> str:
    if exchange is None:
        return "not run"
    if exchange.exception is not None:
        verb = "crashes with" if exchange.status is not None else "raises"
        return f"{verb} {inert(exchange.exception.type, 60)}"
    if exchange.value is not None:
        return f"gives {inert(exchange.value, 120)}"
    return f"{exchange.status} {inert(exchange.body, 120)}"


def _counted(suite: Suite | None) -> str:
    if suite is None or suite.problem:
        return "not run" + (f": {inert(suite.problem, 80)}" if suite else "")
    outcomes = list(suite.outcomes.values())
    failed = sum(outcome in ("failed", "error") for outcome in outcomes)
    return f"{outcomes.count('passed')} passed, {failed} failed"


def _not_checked(report: Report, evidence: Evidence) -> str:
    gaps = ["- Behaviour under load, and with data that only the running service has."]
    if evidence.shown_by == "call":
        gaps.append("- The request: the crash was shown by calling the function with the reported values.")
    if not evidence.tests_after or not evidence.tests_after.outcomes:
        gaps.append("- The service's own tests: there are none that ran.")
    if evidence.not_run:
        places = ", ".join(f"{inert(site.file, 80)}:{site.line}" for site in evidence.not_run[:5])
        gaps.append(f"- Changed lines that nothing ran: {places}.")
    if evidence.regression is None:
        gaps.append("- A test of its own: none could be written that fails before and passes after.")
    if report.earlier_requests and len(evidence.before.exchanges) <= 1:
        gaps.append("- The state that earlier requests had built.")
    return "\n".join(gaps)
