"""The candidate that fits best is tried first, and the reason says so."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from healer.model import Answer, Candidate, Change, Diagnosis, Outcomes, Site
from healer.stages import ranking

WANTED = Diagnosis("missing-key", "c", Site("a.py", 1, "f"), (), Answer.REFUSE, 0.8, 0.2)


def candidate(name: str, fit: float, *, lines: int = 1, answer: Answer = Answer.CORRECT) -> Candidate:
    change = Change("a.py", "a\n", "a\n" + "b\n" * lines)
    return Candidate(name, name, (change,), answer, fit)


def order(*candidates: Candidate, past: ranking.Past = ranking.NO_PAST) -> list[str]:
    return [found.origin for found in ranking.order(candidates, WANTED, past)]


def of(**outcomes: Outcomes) -> ranking.Past:
    """The past of playbooks whose fixes correct the logic."""
    return {f"{name} (correct)": known for name, known in outcomes.items()}


def why(winner: Candidate, next_best: Candidate | None, past: ranking.Past = ranking.NO_PAST) -> str:
    return ranking.why(winner, next_best, WANTED, past)


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


def test_a_guess_is_told_from_what_the_code_gives_grounds_for() -> None:
    grounded = candidate("grounded", ranking.SURE)
    wanted = candidate("wanted", ranking.SURE - 0.05, answer=Answer.REFUSE)  # the right kind makes up for it
    guess = candidate("guess", ranking.SURE - 0.05)
    assert ranking.around_model((grounded, wanted, guess), WANTED) == ((grounded, wanted), (guess,))
    for outcomes, sure in (
        (Outcomes(rejected=1), True),
        (Outcomes(rejected=2), False),
        (Outcomes(rolled_back=1), False),
    ):
        assert ranking.is_sure(grounded, WANTED, {grounded.approach: outcomes}) == sure  # people have a say in it
    assert ranking.is_sure(grounded, WANTED, {grounded.approach: Outcomes(merged=2, rejected=2)})
    assert "(0.85, and 0.90 is needed)" in ranking.why_not(guess, WANTED)
    assert "people refused such proposals before" in ranking.why_not(grounded, WANTED)
    assert ranking.is_sure(replace(guess, engine="llm"), WANTED)


ALWAYS, NEVER = Outcomes(merged=10_000), Outcomes(rolled_back=10_000)


def test_what_was_merged_goes_before_a_near_tie_and_what_was_rejected_after_it() -> None:
    one, other = candidate("one", 0.8), candidate("other", 0.8)
    assert order(one, other, past=of(other=Outcomes(merged=6))) == ["other", "one"]
    assert order(one, other, past=of(one=Outcomes(rejected=1))) == ["other", "one"]
    assert order(one, other, past=of(one=Outcomes(merged=1), other=Outcomes(merged=1))) == ["one", "other"]


def test_what_is_rejected_again_and_again_loses_its_lead() -> None:
    ahead, behind = candidate("ahead", 0.86), candidate("behind", 0.8)
    firsts = [order(ahead, behind, past=of(ahead=Outcomes(rejected=count)))[0] for count in range(12)]
    assert firsts == sorted(firsts)  # it does not come back
    assert (firsts[1], firsts[-1]) == ("ahead", "behind")


def test_no_past_makes_a_bad_fit_win() -> None:
    swing = ranking.MOST_PRAISE + ranking.MOST_BLAME + ranking.NEAR
    good, bad = candidate("good", 0.5 + swing, lines=9), candidate("bad", 0.5)
    assert order(bad, good, past=of(good=NEVER, bad=ALWAYS)) == ["good", "bad"]
    assert order(candidate("plain", 0.5 + swing), bad, past=of(bad=ALWAYS)) == ["plain", "bad"]


def test_praise_does_not_outweigh_the_wanted_answer() -> None:
    wanted = candidate("wanted", 0.8, answer=Answer.REFUSE)
    assert order(candidate("praised", 0.8), wanted, past=of(praised=ALWAYS)) == ["wanted", "praised"]


def test_what_is_learned_is_bounded_and_each_outcome_pulls_its_way() -> None:
    for merged, changed, rejected, rolled_back in itertools.product((0, 1, 7, 1000), repeat=4):
        learned = ranking.learned(Outcomes(merged, changed, rejected, rolled_back))
        assert -ranking.MOST_BLAME < learned < ranking.MOST_PRAISE
        assert ranking.learned(Outcomes(merged + 1, changed, rejected, rolled_back)) > learned
        refused = ranking.learned(Outcomes(merged, changed, rejected + 1, rolled_back))
        assert ranking.learned(Outcomes(merged, changed, rejected, rolled_back + 1)) < refused < learned


def test_nothing_is_learned_from_nothing_and_a_changed_fix_is_half_a_success() -> None:
    assert ranking.learned(Outcomes()) == 0
    assert ranking.learned(Outcomes(changed=5)) == 0
    assert 0 < ranking.learned(Outcomes(merged=1)) < ranking.NEAR
    assert ranking.learned(Outcomes(rejected=1)) == pytest.approx(-2 * ranking.NEAR)


def test_the_reason_says_when_the_past_decided() -> None:
    past = of(a=Outcomes(merged=2), b=Outcomes(rejected=4, rolled_back=1))
    said = why(candidate("a", 0.8), candidate("b", 0.84), past)
    assert said == (
        "Past proposals for such a failure put it before the next: "
        "of its 2 merged; of the next's 0 merged, 4 rejected, 1 rolled back."
    )
    assert "better than the next" in why(candidate("a", 0.9), candidate("b", 0.5), past)
    assert "lines against" in why(candidate("a", 0.8), candidate("c", 0.8, lines=3), of(d=NEVER))


def test_each_answer_of_a_playbook_has_its_own_past_and_a_model_one_for_all() -> None:
    refusing, correcting = candidate("p", 0.8, answer=Answer.REFUSE), candidate("p", 0.8)
    assert refusing.approach == "p (refuse)"
    assert correcting.approach == "p (correct)"
    assert replace(refusing, engine="llm").approach == replace(correcting, engine="llm").approach == "p"
