"""Whether a crash that a release was the first to report is the release's doing: both codes are asked in the sandbox.

It leaves no release; who watches one does.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import structlog

from healer.edges.store import Incident, Release
from healer.model import Change, EdgeError, Frame, Report
from healer.pipeline.parts import Parts, Service
from healer.pipeline.runs import SANDBOX_JOBS, as_located, replay, unsendable
from healer.stages import judgement
from healer.syntax.changes import Span, spans_of
from healer.syntax.project import parse_module

log = structlog.get_logger()


def blame(parts: Parts, service: Service, incident: Incident, release: Release) -> str | None:
    """Why the release is to blame, in one sentence; "" when it is not, None when it cannot be said now."""
    if release.previous is None:
        return ""
    report = parts.store.incidents.latest_report(incident.id)
    if report.release == release.previous:
        return ""  # it is reported by the code before as well
    report = as_located(service, report, release.commit)
    try:
        found = None if unsendable(report) else _by_replay(service, report, release.commit, release.previous)
        if found is not None:
            return found
        return _by_traceback(report, service.checkout.changed(release.previous, release.commit))
    except EdgeError as error:
        log.warning("cannot tell what brought a crash", incident=incident.id, reason=str(error))
        return None


def _by_replay(service: Service, report: Report, commit: str, previous: str) -> str | None:
    """None where it does not tell: the crash needs what only the running service has, or comes and goes."""
    trees = [service.checkout.tar(name) for name in (commit, previous)]
    with ThreadPoolExecutor(SANDBOX_JOBS) as pool:
        new, old = pool.map(lambda tree: replay(service, report, tree), trees)
    if not judgement.reproduces(report, old):
        return ""
    if judgement.reproduces(report, new) or old.last is None or old.last.crashed:
        return None
    assert report.request is not None, "it was sent"
    return (
        f"{report.request.route} ends in {report.exception.type} on {commit[:10]} and is answered {old.last.status} on "
        f"{previous[:10]}, the code before, when both are replayed in the sandbox."
    )


def _by_traceback(report: Report, changes: tuple[Change, ...]) -> str:
    """To blame when the crash came through what the release changed; a changed function says more than a file."""
    changed = {change.file: change for change in changes}
    passed = [frame for frame in reversed(report.app_frames) if frame.file in changed]
    touched = next((frame for frame in passed if _is_touched(changed[frame.file], frame)), None)
    if touched is not None:
        place = f"{touched.function} in {touched.file}, which the release changed"
    elif passed:
        place = f"{passed[0].file}, which the release changed elsewhere"
    else:
        return ""
    return f"{report.exception.type} came by way of {place}; a replay does not tell more."


def _is_touched(change: Change, frame: Frame) -> bool:
    """Whether the function that a frame was in is not as it was."""
    module = parse_module(change.file, change.after)
    function = module.function_at(frame.line) if module is not None else None
    if function is None:
        return False
    lines = range(function.node.lineno, (function.node.end_lineno or 0) + 1)
    return any(not _altered(span).isdisjoint(lines) for span in spans_of(change))


def _altered(span: Span) -> set[int]:
    """Lines of the text after; where lines are only gone, those on either side."""
    if span.new_end > span.new_start:
        return set(range(span.new_start, span.new_end))
    return {span.new_start - 1, span.new_start}
