"""The commit that last touched the fault is named where git tells; a heal goes on without it."""

from __future__ import annotations

from types import SimpleNamespace

from healer.model import CheckoutError, Site, Suspect
from healer.pipeline.healing import _suspect

from tests.healer.samples import a_diagnosis

FOUND = Suspect("a" * 40, "Ada", "2026-01-02T03:04:05Z", "Read by key")
DIAGNOSIS = a_diagnosis(fault=Site("a.py", 1, "f"), fix_sites=(Site("b.py", 2, "g"), Site("c.py", 3, "h")))


def suspect(*answers: object) -> tuple[Suspect | None, list[tuple[str, str, int]]]:
    """What comes of these answers of git, and what it was asked."""
    asked = []
    waiting = list(answers)

    def blame(*place: object) -> object:
        asked.append(place)
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return _suspect(SimpleNamespace(checkout=SimpleNamespace(blame=blame)), "tip", DIAGNOSIS), asked


def test_the_fault_is_asked_about_first_and_then_the_best_place_to_fix_it() -> None:
    assert suspect(FOUND) == (FOUND, [("tip", "a.py", 1)])
    assert suspect(CheckoutError("no line"), FOUND) == (FOUND, [("tip", "a.py", 1), ("tip", "b.py", 2)])


def test_no_failure_of_blame_stops_a_heal() -> None:
    found, asked = suspect(CheckoutError("no git"), OverflowError("a date of the year 292277026596"))
    assert found is None
    assert len(asked) == 2
