"""A row of the tables of small services: what is asked before, what crashes, and the answer a maintainer would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .crashes import Ask, heal, outcome, repaired, sources_of


@dataclass(frozen=True)
class Case:
    text: str | Mapping[str, str]
    failing: Ask
    status: int
    body: Any = None  # None: any
    before: Sequence[Ask] = ()
    also: tuple[Ask, int, Any] | None = None  # another request to the repaired service, alone


def assert_healed(case: Case) -> None:
    """The first candidate that no longer crashes gives the right answer."""
    _, healed = heal(case.text, case.before, case.failing)
    assert healed, "no candidate answers"
    candidate, answer = healed[0]
    shown = candidate.diff
    assert answer.status == case.status, shown
    assert case.body is None or answer.body == case.body, shown
    if case.also is not None:
        ask, status, body = case.also
        other = outcome(repaired(sources_of(case.text), candidate), (), ask)
        assert other is not None and other.status == status, shown
        assert body is None or other.body == body, shown
