"""What a patch must not do, whoever wrote it: forty named rules over files, text and syntax, before and after.

It says nothing about whether the patch is right. Rule numbers are stable; 0 is for a patch that cannot be checked.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from healer.model import Candidate, Change, Finding
from healer.stages.guardrails.destroying import about_destruction
from healer.stages.guardrails.endless import about_endless
from healer.stages.guardrails.kept_tests import about_tests
from healer.stages.guardrails.leaks import about_leaks
from healer.stages.guardrails.lines import lines_of
from healer.stages.guardrails.markup import about_markup
from healer.stages.guardrails.patching import about_patching
from healer.stages.guardrails.paths import about_paths
from healer.stages.guardrails.personal import about_personal_data
from healer.stages.guardrails.places import about_places
from healer.stages.guardrails.policy import Policy, modules_of
from healer.stages.guardrails.protections import about_protections
from healer.stages.guardrails.queries import about_queries
from healer.stages.guardrails.reach import about_reach
from healer.stages.guardrails.redaction import about_redaction
from healer.stages.guardrails.rules import NAMES, NEVER_OFF, RULES, Rule, finding
from healer.stages.guardrails.scanners import about_known_dangers, about_secrets, warm
from healer.stages.guardrails.shape import about_shape
from healer.stages.guardrails.special_cases import about_special_cases
from healer.stages.guardrails.strength import about_strength
from healer.stages.guardrails.substance import about_substance, is_same
from healer.stages.guardrails.swallowing import about_handlers
from healer.stages.guardrails.switches import about_switches
from healer.stages.guardrails.texts import about_text
from healer.stages.guardrails.trees import Trees, is_test
from healer.stages.guardrails.tricks import about_tricks
from healer.stages.guardrails.weak import about_weak_secrets
from healer.syntax.parsing import parse

__all__ = ["NAMES", "NEVER_OFF", "RULES", "Policy", "Rule", "check", "modules_of", "warm"]

_LARGEST = 250_000  # characters; a larger source is generated, and would take longer than a check may
_MOST_NODES_IN_ALL = 120_000  # of both trees
_LONGEST_LINE = 20_000
_MOST_LINES = 2_000  # more than any service may allow a patch to change
_MOST_NODES = 10_000  # of the statements that change
_OF_SYNTAX: tuple[Callable[[Trees], Iterable[Finding]], ...] = (
    about_handlers,
    about_protections,
    about_places,
    about_switches,
    about_weak_secrets,
    about_strength,
    about_tricks,
    about_leaks,
    about_personal_data,
    about_redaction,
    about_queries,
    about_markup,
    about_endless,
    about_patching,
    about_substance,
    about_tests,
)


@dataclass(frozen=True)
class _Look:
    """What one change is found to break, how many lines it changes, and whether it leaves all that runs as it was."""

    findings: tuple[Finding, ...]
    lines: int = 0
    same: bool = False


def check(candidate: Candidate, policy: Policy) -> tuple[Finding, ...]:
    """Every broken rule, in order of file and line; empty when the patch may be judged further. It never raises."""
    looks = [_look(change, policy) for change in candidate.changes]
    found = [*about_paths(candidate, policy), *(one for look in looks for one in look.findings)]
    lines = sum(look.lines for look in looks)
    if lines > policy.max_lines:
        found.append(finding(24, 0, f"It changes {lines} lines; {policy.max_lines} are allowed."))
    if all(look.same for look in looks):
        found.append(finding(38, 0, "The patch changes nothing that runs."))
    kept = {one for one in found if one.rule not in policy.allow_rules or one.rule in NEVER_OFF}
    return tuple(sorted(kept, key=lambda one: (one.file, one.line, one.number, one.reason)))


def _look(change: Change, policy: Policy) -> _Look:
    try:
        return _looked_at(change, policy)
    except Exception as error:  # whatever it is, a patch that cannot be checked is refused
        return _unchecked(change, f"It cannot be checked ({type(error).__name__}).")


def _unchecked(change: Change, reason: str, line: int = 0) -> _Look:
    return _Look((finding(0, line, reason, change.file),))


def _looked_at(change: Change, policy: Policy) -> _Look:
    if max(len(change.before), len(change.after)) > _LARGEST:
        return _unchecked(change, f"It is too large to be checked; {_LARGEST} characters are allowed.")
    lines = lines_of(change)
    count = len(lines.added) + len(lines.removed)
    if count > _MOST_LINES or any(len(text) > _LONGEST_LINE for _, text in lines.added):
        return _unchecked(change, "It changes more than can be checked.")
    found = [*about_text(change, lines), *about_secrets(change, lines, is_test=is_test(PurePosixPath(change.file)))]
    if not change.file.lower().endswith((".py", ".pyi", ".pyw")):
        return _Look(tuple(found), count, change.before == change.after)
    try:
        after = parse(change.after)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        said = f"The result is not valid Python: {error.args[0] if error.args else type(error).__name__}."
        return _Look((*found, finding(0, getattr(error, "lineno", None) or 1, said, change.file)), count)
    trees = Trees.of(change, _before(change), after)
    if len(trees.after.every) + len(trees.before.every) > _MOST_NODES_IN_ALL:
        return _unchecked(change, "The file is too large to be checked.")
    if len(trees.after.nodes) + len(trees.before.nodes) > _MOST_NODES:
        return _unchecked(change, "It changes more than can be checked.")
    found += [replace(one, file=change.file) for one in _of_syntax(trees, policy)]
    return _Look(tuple(found), count, is_same(trees))


def _before(change: Change) -> ast.Module:
    """What was no Python before is all new now."""
    try:
        return parse(change.before)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return parse("")


def _of_syntax(trees: Trees, policy: Policy) -> Iterator[Finding]:
    yield from about_special_cases(trees, policy)
    yield from about_reach(trees, policy)
    yield from about_known_dangers(trees, policy)
    for about in _OF_SYNTAX:
        yield from about(trees)
    if not trees.is_test:
        yield from about_shape(trees)
        yield from about_destruction(trees)
