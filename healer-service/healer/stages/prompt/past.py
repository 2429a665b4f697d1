"""Fixes that people merged before, as examples of what this service's maintainers take. It shows code, never a diff."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from healer.model import Diagnosis, PastFix, Report
from healer.stages.prompt.data import plain
from healer.stages.prompt.filling import Part
from healer.stages.prompt.source import holds_control_token, narrow
from healer.syntax.project import is_test_file

_MOST_FIXES = 2
_MOST_LINES = 14  # of one fix
_FILE = re.compile(r"^\+\+\+ b/(.*)$", re.M)
_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_IMPORT = re.compile(r"(import|from) ")


def past_fixes(fixes: Sequence[PastFix], diagnosis: Diagnosis, report: Report, place: int) -> Iterator[Part]:
    """At most two: of the same category first, then of the same file or exception type. `fixes`: newest first."""
    file, kind = diagnosis.fault.file, report.exception.type
    alike = [fix for fix in fixes if fix.category == diagnosis.category]
    near = [fix for fix in fixes if fix.exception_type == kind or file in _FILE.findall(fix.diff)]
    found = 0
    for fix in [*alike, *(fix for fix in near if fix not in alike)]:
        lines = _now(fix.diff)
        if not lines or holds_control_token("\n".join(lines)):
            continue
        found += 1
        what = f"A failure of this kind ({plain(fix.category, 40)})" if fix in alike else "A failure near this one"
        yield Part(f"past fix {found}", place, tuple(lines), f"{what} was fixed in this service like this:")
        if found == _MOST_FIXES:
            return


def _now(diff: str) -> list[str]:
    """The places that were changed as they are now; imports that came with the change tell nothing."""
    found: list[str] = []
    for place, added in _places(diff):
        if any(line.strip() and not _IMPORT.match(line) for line in added):
            found += [*(["# …"] if found else []), *place]
    shown = [narrow(line) for line in found[:_MOST_LINES]]
    return [*shown, "# …"] if len(found) > _MOST_LINES else shown


def _places(diff: str) -> Iterator[tuple[list[str], list[str]]]:
    """Of each hunk the lines after the change, and those of them that are new; without the test that came with it."""
    lines = iter(diff.split("\n"))
    file = ""
    for line in lines:
        file = line.removeprefix("+++ b/") if line.startswith("+++ b/") else file
        head = _HUNK.match(line)
        if head is None:
            continue
        old, new = (int(count) if count is not None else 1 for count in head.groups())
        place: list[str] = []
        added: list[str] = []
        while old > 0 or new > 0:
            one = next(lines, None)
            if one is None:
                break
            old -= one[:1] in ("-", " ")
            new -= one[:1] in ("+", " ")
            if one[:1] in ("+", " "):
                place.append(one[1:])
            if one[:1] == "+":
                added.append(one[1:])
        if not is_test_file(file):
            yield place, added
