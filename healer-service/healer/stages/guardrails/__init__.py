"""What a patch must not do, whoever wrote it: named rules over the files and over the syntax trees before and after.

It says nothing about whether the patch is right. Rule numbers are stable; 0 is for a patch that cannot be checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from healer.model import Candidate, Change, Finding
from healer.stages.guardrails.calls import added_calls
from healer.stages.guardrails.files import about_files, is_test
from healer.stages.guardrails.policy import Policy, Trees
from healer.stages.guardrails.shape import about_shape
from healer.stages.guardrails.swallowing import about_handlers, about_special_cases
from healer.syntax.parsing import parse

__all__ = ["Policy", "check"]


def check(candidate: Candidate, policy: Policy) -> tuple[Finding, ...]:
    """Every broken rule, in order of file and line; empty when the patch may be judged further."""
    found = list(about_files(candidate, policy))
    for change in candidate.changes:
        if change.file.endswith(".py"):
            found.extend(_about_source(change, policy))
    return tuple(sorted(set(found), key=lambda f: (f.file, f.line, f.number)))


def _about_source(change: Change, policy: Policy) -> Iterable[Finding]:
    try:
        after = parse(change.after)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        return [Finding("syntax", 0, change.file, line, f"The result is not valid Python: {error.args[0]}.")]
    try:
        before = parse(change.before)
    except (SyntaxError, ValueError):
        before = parse("")
    return [replace(finding, file=change.file) for finding in _rules(Trees(change, before, after), policy)]


def _rules(trees: Trees, policy: Policy) -> Iterator[Finding]:
    yield from about_handlers(trees)
    yield from about_special_cases(trees, policy)
    yield from added_calls(trees)
    if not is_test(PurePosixPath(trees.change.file)):
        yield from about_shape(trees)
