"""The candidate that fits best is proposed, and the reason says so."""

from __future__ import annotations

from healer.model import Answer, Candidate, Change, Diagnosis, Site, Verdict
from healer.stages.ranking import rank

WANTED = Diagnosis("missing-key", "c", Site("a.py", 1, "f"), (), Answer.REFUSE, 0.8, 0.2)


def verdict(
    name: str, fit: float, *, lines: int = 1, answer: Answer = Answer.CORRECT, accepted: bool = True
) -> Verdict:
    change = Change("a.py", "a\n", "a\n" + "b\n" * lines)
    return Verdict(Candidate(name, name, (change,), answer, fit), accepted, "accepted" if accepted else "it crashes")


def order(*verdicts: Verdict) -> list[str]:
    return [v.candidate.origin for v in rank(verdicts, WANTED)]


def test_accepted_come_first_and_by_fit() -> None:
    refused, low, high = verdict("refused", 1.0, accepted=False), verdict("low", 0.6), verdict("high", 0.9)
    assert order(refused, low, high) == ["high", "low", "refused"]


def test_the_smaller_change_breaks_a_tie() -> None:
    assert order(verdict("large", 0.8, lines=9), verdict("small", 0.8)) == ["small", "large"]


def test_the_wanted_answer_breaks_a_near_tie_only() -> None:
    near = verdict("wanted", 0.8, answer=Answer.REFUSE)
    assert order(verdict("other", 0.82), near) == ["wanted", "other"]
    assert order(verdict("clear", 0.95), near) == ["clear", "wanted"]


def test_reasons_tell_why() -> None:
    first, second, third = rank([verdict("a", 0.9), verdict("b", 0.5), verdict("c", 0.9, accepted=False)], WANTED)
    assert "fits the conventions around it best (0.90 against 0.50)" in first.reason
    assert "“a” won" in second.reason
    assert third.reason == "it crashes"
    (only,) = rank([verdict("a", 0.9)], WANTED)
    assert "only candidate" in only.reason


def test_nothing_accepted_keeps_the_refusals() -> None:
    assert order(verdict("a", 0.1, accepted=False), verdict("b", 0.9, accepted=False)) == ["a", "b"]
