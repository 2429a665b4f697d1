"""Repair templates over the syntax tree, one module a category of failure. They propose; they judge nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from healer.model import Candidate, Diagnosis, Report
from healer.stages.playbooks import (
    changed_while_iterated,
    constraints,
    conversion,
    decoding,
    empty_sequence,
    forgotten_await,
    missing_file,
    missing_key,
    misspelt_attribute,
    names,
    none_dereference,
    rows,
    unbound_local,
    unhandled_error,
    unpacking,
    unserialisable,
    wrong_type,
    zero_division,
)
from healer.stages.playbooks.drafts import Draft, candidates
from healer.syntax.situation import Situation

Playbook = Callable[[Situation], Iterator[Draft]]
LIMIT = 12

_MODULES = (
    none_dereference,
    missing_key,
    empty_sequence,
    zero_division,
    conversion,
    unbound_local,
    changed_while_iterated,
    decoding,
    unpacking,
    wrong_type,
    names,
    misspelt_attribute,
    unhandled_error,
    rows,
    constraints,
    missing_file,
    unserialisable,
    forgotten_await,
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
    drafts = [replace(one, origin=name) for name, draft in SERVING[diagnosis.category] for one in draft(situation)]
    return tuple(candidates(drafts, diagnosis.category, LIMIT))
