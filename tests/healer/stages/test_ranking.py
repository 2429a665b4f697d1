"""The candidate that fits best is tried first, and the reason says so."""

from __future__ import annotations

from healer.model import Answer, Candidate, Change, Diagnosis, Site
from healer.stages import ranking

WANTED = Diagnosis("missing-key", "c", Site("a.py", 1, "f"), (), Answer.REFUSE, 0.8, 0.2)


def candidate(name: str, fit: float, *, lines: int = 1, answer: Answer = Answer.CORRECT) -> Candidate:
    change = Change("a.py", "a\n", "a\n" + "b\n" * lines)
    return Candidate(name, name, (change,), answer, fit)


def order(*candidates: Candidate) -> list[str]:
    return [found.origin for found in ranking.order(candidates, WANTED)]


def why(winner: Candidate, next_best: Candidate | None) -> str:
    return ranking.why(winner, next_best, WANTED)


def test_by_fit() -> None:
    assert order(candidate("low", 0.6), candidate("high", 0.9)) == ["high", "low"]


def test_the_smaller_change_breaks_a_tie() -> None:
    assert order(candidate("large", 0.8, lines=9), candidate("small", 0.8)) == ["small", "large"]


def test_what_ties_keeps_its_order() -> None:
    assert order(candidate("first", 0.8), candidate("second", 0.8)) == ["first", "second"]


def test_the_wanted_answer_breaks_a_near_tie_only() -> None:
    near = candidate("wanted", 0.8, answer=Answer.REFUSE)
    assert order(candidate("other", 0.82), near) == ["wanted", "other"]
    assert order(candidate("clear", 0.95), near) == ["clear", "wanted"]


def test_the_reason_tells_why() -> None:
    assert "better than the next (0.90 against 0.50)." in why(candidate("a", 0.9), candidate("b", 0.5))
    assert "smaller change (1 lines against 3)" in why(candidate("a", 0.9), candidate("b", 0.9, lines=3))
    assert "came first" in why(candidate("a", 0.9), candidate("b", 0.9))
    assert "wanted here (refuse)" in why(candidate("a", 0.9, answer=Answer.REFUSE), candidate("b", 0.5))
    assert why(candidate("a", 0.9), None) == "No other candidate is left."


def test_the_model_has_its_place_between_the_playbooks() -> None:
    likely = candidate("likely", ranking.MODEL_FIT)
    wanted = candidate("wanted", ranking.MODEL_FIT - 0.05, answer=Answer.REFUSE)  # the right kind makes up for it
    other = candidate("other", ranking.MODEL_FIT - 0.05)
    assert ranking.around_model((likely, wanted, other), WANTED) == ((likely, wanted), (other,))
