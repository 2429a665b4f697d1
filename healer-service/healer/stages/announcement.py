"""The text of a proposal: title, body, commit message. All text that came from a report is made inert first."""

from __future__ import annotations

import difflib
import re

from healer.model import Answer, Candidate, Change, Diagnosis, Evidence, Exchange, Report, Site, Suite, Suspect, Verdict
from healer.syntax.project import parse_module

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
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
    flat = " ".join(_CONTROLS.sub("", text).split())
    flat = flat.replace("`", "'").replace("@", "@\u2060").replace("#", "#\u2060").replace("://", ":\u2060//")
    flat = flat.replace("<", "‹").replace(">", "›").replace("|", "¦").replace("[", "⟦").replace("]", "⟧")
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def fenced(text: str) -> str:
    """A code fence that its content cannot close."""
    clean = _CONTROLS.sub("", text)
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
        f"Origin: {inert(chosen.candidate.origin, 80)}. "
        f"Confidence {diagnosis.confidence:.0%}, risk {diagnosis.risk:.0%}.",
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
    matcher = difflib.SequenceMatcher(None, change.before.split("\n"), change.after.split("\n"), autojunk=False)
    return [
        (start + 1, max(start + 1, end), end > start)
        for tag, start, end, _, _ in matcher.get_opcodes()
        if tag != "equal"
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
    route = inert(report.request.route, 60) if report.request else "the failing call"
    rows = ["| check | before | after |", "|---|---|---|"]
    after = evidence.after.last if evidence.after else None
    rows.append(f"| {route} | {_shown(evidence.before.last)} | {_shown(after)} |")
    earlier = len(evidence.before.exchanges) - 1
    if earlier > 0:
        rows.append(f"| earlier requests of the replay | {earlier} answered | the same {earlier} statuses |")
    rows.append(f"| the service's tests | {_counted(evidence.tests_before)} | {_counted(evidence.tests_after)} |")
    rows.append("| guardrails | | none broken |")
    return "\n".join(rows)


def _shown(exchange: Exchange | None) -> str:
    if exchange is None:
        return "not run"
    if exchange.exception is not None:
        return f"crashes with {inert(exchange.exception.type, 60)}"
    return f"{exchange.status} {inert(exchange.body, 120)}"


def _counted(suite: Suite | None) -> str:
    if suite is None or suite.problem:
        return "not run" + (f": {inert(suite.problem, 80)}" if suite else "")
    outcomes = list(suite.outcomes.values())
    failed = sum(outcome in ("failed", "error") for outcome in outcomes)
    return f"{outcomes.count('passed')} passed, {failed} failed"


def _not_checked(report: Report, evidence: Evidence) -> str:
    gaps = ["- Behaviour under load, and with data that only the running service has."]
    if not evidence.tests_after or not evidence.tests_after.outcomes:
        gaps.append("- The service's own tests: there are none that ran.")
    if report.earlier_requests and len(evidence.before.exchanges) <= 1:
        gaps.append("- The state that earlier requests had built.")
    return "\n".join(gaps)
