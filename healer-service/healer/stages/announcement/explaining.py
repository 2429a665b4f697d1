"""The long answer to "why": how the value that failed came there, where it could be fixed, and why in this way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from healer.model import Assessment, Diagnosis, Frame, Report, Site, Verdict
from healer.stages.announcement import evidence as evidences
from healer.stages.announcement.description import ANSWERS, last_changed, origin, refusal, what_it_does
from healer.stages.announcement.wording import code, counted, fenced, inert, private, sentence, shown

_MOST_PLACES, _MOST_REFUSED = 8, 15


def explanation(report: Report, diagnosis: Diagnosis, judged: Sequence[tuple[Verdict, bool]], count: int) -> str:
    """`judged`: the candidates in the order tried, and whether each was chosen."""
    chosen = next((verdict for verdict, was_chosen in judged if was_chosen), None)
    others = [verdict for verdict, was_chosen in judged if not was_chosen]
    sections = [
        f"{sentence(shown(diagnosis.cause))} It was seen {counted(count, 'time')}.",
        "### How it came there\n" + _came_there(report, diagnosis),
        "### Where it can be fixed\n" + _places(diagnosis),
        "### Why this fix\n" + _why(diagnosis, chosen, others),
    ]
    if chosen is not None and chosen.assessment is not None:
        sections.append("### Risk and confidence\n" + _sums(chosen.assessment))
    if chosen is not None and chosen.evidence is not None:
        sections.append("### Not checked\n" + evidences.not_checked(report, chosen.evidence))
    return "\n\n".join(sections)


def _came_there(report: Report, diagnosis: Diagnosis) -> str:
    way = fenced("\n".join(_way(report, diagnosis)))
    return f"{way}\n\n{last_changed(diagnosis.suspect)}" if diagnosis.suspect is not None else way


def _way(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    """The calls that led to the failure, oldest first, with the value that was bad."""
    if report.request is not None:
        earlier = counted(len(report.earlier_requests), "recorded request")
        yield private(report.request.route[:200]) + (f", after {earlier}" if report.earlier_requests else "")
    frames = (report.app_frames or report.frames)[-_MOST_PLACES:]
    for frame in frames:
        yield f"{frame.file[:200]}:{frame.line} in {frame.function[:120]}"
        yield f"    {private(frame.source[:300])}"
    if frames:
        yield from _values(frames[-1], diagnosis)
    message = private(report.exception.message[:500])
    yield f"{report.exception.type[:120]}: {message}" if message else report.exception.type[:120]


def _values(frame: Frame, diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.expression:
        yield f"    failed: {private(diagnosis.expression[:200])}"
    if diagnosis.culprit and diagnosis.culprit != diagnosis.expression:
        yield f"    had the bad value: {private(diagnosis.culprit[:200])}"
    name = diagnosis.culprit.partition(".")[0].partition("[")[0]
    if name in frame.locals:
        yield f"    {name} was {private(frame.locals[name][:200])}"


def _places(diagnosis: Diagnosis) -> str:
    sites: Sequence[Site] = diagnosis.fix_sites[:_MOST_PLACES] or (diagnosis.fault,)
    lines = [
        f"{number}. {code(f'{site.file}:{site.line}')} in {code(site.function, 60)}"
        + (f": {inert(site.why, 160)}" if site.why else "")
        for number, site in enumerate(sites, 1)
    ]
    return "\n".join(lines) + f"\n\nWhat is wanted there is to {ANSWERS[diagnosis.answer]}."


def _why(diagnosis: Diagnosis, chosen: Verdict | None, others: Sequence[Verdict]) -> str:
    if chosen is None:
        return sentence(inert(diagnosis.decline_reason)) if diagnosis.decline_reason else "No candidate stood."
    lines = [f"{what_it_does(chosen.candidate)} {origin(chosen.candidate)} {sentence(shown(chosen.reason, 400))}"]
    files = ", ".join(code(change.file) for change in chosen.candidate.changes[:_MOST_PLACES])
    lines.append(f"It changes {files}. It fits the code around it with {chosen.candidate.fit:.2f} of 1.")
    if others:
        lines.append("Tried before it or beside it:")
        lines.append("\n".join(f"- {refusal(verdict)}" for verdict in others[:_MOST_REFUSED]))
        if len(others) > _MOST_REFUSED:
            lines[-1] += f"\n- {len(others) - _MOST_REFUSED} more, on the incident's page"
    return "\n\n".join(lines)


def _sums(assessment: Assessment) -> str:
    return f"{evidences.scores(assessment)}\n\nEach is the sum of its parts, between 0 and 1."
