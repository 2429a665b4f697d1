"""The places that look like the fault and that a fix leaves as they are."""

from __future__ import annotations

from healer.model import Candidate, Change, Diagnosis, Site
from healer.stages.announcement.wording import inert, shown
from healer.syntax.changes import spans_of
from healer.syntax.project import parse_module

_MOST_PLACES = 10


def alike(diagnosis: Diagnosis, chosen: Candidate) -> str:
    """As a list; those whose line the fix replaces are healed with it. "" when none is left."""
    left = [site for site in diagnosis.siblings if not any(_replaces(change, site) for change in chosen.changes)]
    if not left:
        return ""
    lines = [
        f"- {inert(site.file, 120)}:{site.line} in {inert(site.function, 60)}: {shown(site.why)}"
        for site in left[:_MOST_PLACES]
    ]
    if not any(_is_around(change, diagnosis.fault) for change in chosen.changes):
        lines.append("\nThe fix is in another function than the fault, so these may be healed with it.")
    return "\n".join(lines)


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
