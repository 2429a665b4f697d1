"""What a proposal's commit holds and says; its first line is the proposal's title. It commits nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from healer.model import Change, Diagnosis, Report, Verdict
from healer.stages.announcement import style
from healer.stages.announcement.wording import inert, shown


def title(report: Report, verdict: Verdict, subjects: Sequence[str] = ()) -> str:
    """At most 72 characters, in the style of `subjects`, the first lines of the repository's last commits."""
    failure, where = inert(report.exception.type, 40), ""
    if report.request is not None:
        where = f" on {shown(report.request.route, 60)}"
    elif report.frames:
        where = f" in {inert((report.app_frames or report.frames)[-1].function, 60)}"
    changed = verdict.candidate.changes
    summary = shown(verdict.candidate.summary, 60).rstrip(".")
    return style.of(subjects).subject(failure + where, summary, changed[0].file if changed else "")


def commit_message(
    report: Report, diagnosis: Diagnosis, verdict: Verdict, incident_id: str, subjects: Sequence[str] = ()
) -> str:
    cause = textwrap.fill(shown(diagnosis.cause), style.LONGEST, break_long_words=False, break_on_hyphens=False)
    return (
        f"{title(report, verdict, subjects)}\n\n{cause}\n\n"
        f"Origin: {inert(verdict.candidate.origin, 80)}\n{trailer(incident_id)}\n"
    )


def trailer(incident_id: str) -> str:
    """The last line of a fix's commit, by which it is found again after a squash or a rebase."""
    return f"Healer-Incident: {incident_id}"


def changes(verdict: Verdict) -> tuple[Change, ...]:
    """What the proposal's commit holds: the fix, and its regression test where there is one."""
    regression = verdict.evidence.regression if verdict.evidence is not None else None
    return (*verdict.candidate.changes, *([regression.change] if regression is not None else ()))
