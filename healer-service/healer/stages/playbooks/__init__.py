"""Repair templates over the syntax tree, one module a category of failure. They propose; they judge nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import structlog

from healer.model import Candidate, Diagnosis, Report
from healer.stages.playbooks import (
    absent_attribute,
    access,
    answering_handlers,
    asked_alike,
    bad_lines,
    bytes_and_text,
    callers_check,
    callers_default,
    calls,
    changed_while_iterated,
    constraints,
    conversion,
    converted_any,
    decoding,
    empty_sequence,
    fallen_off,
    forgotten_await,
    imports,
    left_behind,
    list_references,
    mirrored,
    missing_file,
    missing_key,
    misspelt_attribute,
    moved_into_try,
    names,
    none_dereference,
    object_access,
    other_inserts,
    pairs,
    read_alike,
    recursion,
    rows,
    sibling_filters,
    sibling_guards,
    signature,
    table_entries,
    taken_in,
    treated_alike,
    unbound_local,
    unhandled_error,
    unpacking,
    unserialisable,
    views,
    write_paths,
    wrong_type,
    zero_division,
)
from healer.stages.playbooks.drafts import Draft, candidates
from healer.syntax.situation import Situation

log = structlog.get_logger()

Playbook = Callable[[Situation], Iterator[Draft]]
LIMIT = 12

_MODULES = (
    none_dereference,
    missing_key,
    empty_sequence,
    zero_division,
    conversion,
    converted_any,
    unbound_local,
    changed_while_iterated,
    decoding,
    unpacking,
    moved_into_try,
    mirrored,
    pairs,
    read_alike,
    wrong_type,
    bad_lines,
    bytes_and_text,
    names,
    imports,
    recursion,
    misspelt_attribute,
    absent_attribute,
    access,
    object_access,
    calls,
    signature,
    views,
    unhandled_error,
    rows,
    constraints,
    missing_file,
    unserialisable,
    forgotten_await,
    left_behind,
    callers_check,
    sibling_filters,
    sibling_guards,
    taken_in,
    treated_alike,
    asked_alike,
    fallen_off,
    other_inserts,
    table_entries,
    list_references,
    write_paths,
    answering_handlers,
    callers_default,
)
SERVING: dict[str, list[tuple[str, Playbook]]] = {}
for _module in _MODULES:
    for _category in _module.CATEGORIES:
        SERVING.setdefault(_category, []).append((_module.NAME, _module.draft))


def propose(report: Report, diagnosis: Diagnosis, sources: Mapping[str, str]) -> tuple[Candidate, ...]:
    """Candidates for a diagnosis, best first, at most LIMIT; none when no code change is right or no playbook
    serves it.
    """
    if diagnosis.decline_reason or diagnosis.category not in SERVING:
        return ()
    situation = Situation.of(report, sources)
    if situation is None:
        return ()
    drafts = [one for name, draft in SERVING[diagnosis.category] for one in _drafts(name, draft, situation)]
    return tuple(candidates(drafts, diagnosis.category, LIMIT))


def _drafts(name: str, playbook: Playbook, situation: Situation) -> Iterator[Draft]:
    """A playbook that trips over source nobody thought of must not take the others' ideas along."""
    try:
        for one in playbook(situation):
            yield replace(one, origin=name)
    except Exception:
        log.exception("playbook failed", playbook=name, category=situation.crash.category)
