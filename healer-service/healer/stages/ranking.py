"""Orders candidates before they are tried, so that the first one that stands is the one to propose. It judges none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from healer.model import Candidate, Diagnosis, Outcomes
from healer.syntax.changes import size_of

ANSWER_WEIGHT = 0.06
"""What the wanted kind of answer is worth beside the fit: it breaks near-ties, a clear convention of the code wins."""
NEAR = 0.02
SURE = 0.9
"""The least score that is proposed. Measured by `healer eval` on cases that no playbook was written for: of what passed
every test, two thirds of those above gave the right answer, and one in eight of those below."""
MODEL_FIT = 0.6
"""Stands for the fit of a model's answer, which is not written after the code around it: tests alone judge it."""
MOST_PRAISE, MOST_BLAME = 0.04, 0.2
"""How far the past may lift a candidate and how far it may push it down, in units of the fit."""
DISTRUST = -0.06
"""What the past may take away at most from a candidate that is still proposed."""
_STATUS = re.compile(r"\b[2-5]\d\d\b")
_PRIOR = 2.0  # made-up proposals of each kind, accepted and not, that every approach starts with
_HALF_ACCEPTED = 0.5  # of a fix that a person had to change
_HARM = 2.0  # what a fix that was live and had to go counts beside one that was only rejected

Past = Mapping[str, Outcomes]  # by approach, for the category at hand and in the service at hand
NO_PAST: Past = {}


@dataclass(frozen=True)
class Score:
    value: float
    size: int  # changed lines

    @property
    def key(self) -> tuple[float, int]:
        return (-round(self.value / NEAR) * NEAR, self.size)


def order(candidates: Iterable[Candidate], diagnosis: Diagnosis, past: Past = NO_PAST) -> tuple[Candidate, ...]:
    """Best first: by fit with the code's conventions, the wanted answer and the past, then the smallest change."""
    return tuple(sorted(candidates, key=lambda candidate: _score(candidate, diagnosis, past).key))


def around_model(
    ordered: Sequence[Candidate], diagnosis: Diagnosis, past: Past = NO_PAST
) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """Candidates that the code around gives grounds for, which go before the model's answers; and the guesses."""
    sure = tuple(candidate for candidate in ordered if is_sure(candidate, diagnosis, past))
    return sure, tuple(candidate for candidate in ordered if candidate not in sure)


def is_sure(candidate: Candidate, diagnosis: Diagnosis, past: Past = NO_PAST) -> bool:
    """Whether it may be proposed once it has passed every test; else a person decides. Tests tell a model's answer.

    What was rejected twice or rolled back once, and not merged since, is a person's to decide as well.
    """
    if candidate.engine == "llm":
        return True
    return sureness(candidate, diagnosis) >= SURE and _learned_of(candidate.approach, past) > DISTRUST


def sureness(candidate: Candidate, diagnosis: Diagnosis) -> float:
    return round(_score(candidate, diagnosis).value, 3)


def learned(outcomes: Outcomes) -> float:
    """What the past adds to a candidate's fit, between -MOST_BLAME and MOST_PRAISE.

    The share of accepted proposals is estimated as the mean of a Beta distribution whose prior is Beta(2, 2), so

        rate = (2 + accepted) / (4 + accepted + refused)
        accepted = merged + changed / 2
        refused  = rejected + changed / 2 + 2 * rolled back

    and the result is the rate's distance from one half, scaled to MOST_PRAISE above it and MOST_BLAME below it.

    Why so: with no past the rate is one half and nothing is added; the prior keeps one opinion from deciding much
    (a single rejection takes 0.04, two steps of the ranking; four take 0.1), and the two bounds are reached by no past,
    however long. Praise is worth less than the wanted kind of answer (ANSWER_WEIGHT): it settles near-ties, and a
    approach that is often right does not get its way where another one fits clearly better. Blame goes further, because
    people who reject the same thing again and again have said something. Together they move two candidates by less
    than 0.24 against each other, so one that is ahead by that and a step of the ranking goes first whatever the past
    says: what people merged makes a likely fix likelier and never a bad one good. Nor does the past stand in for the
    proof: a candidate that goes first is judged as every other.

    A playbook's way to answer is one approach (to refuse, to answer with nothing, …): most categories are served by
    one playbook, and what people take or do not take is the answer. All answers of one model's file are one approach.
    """
    accepted = outcomes.merged + _HALF_ACCEPTED * outcomes.changed
    refused = outcomes.rejected + (1 - _HALF_ACCEPTED) * outcomes.changed + _HARM * outcomes.rolled_back
    rate = (_PRIOR + accepted) / (2 * _PRIOR + accepted + refused)
    return (rate - 0.5) * 2 * (MOST_PRAISE if rate > 0.5 else MOST_BLAME)


def record(candidate: Candidate, past: Past) -> float:
    """What became of such proposals before, between -1 and 1; 0 where there were none."""
    points = _learned_of(candidate.approach, past)
    return points / (MOST_PRAISE if points > 0 else MOST_BLAME)


def why(winner: Candidate, next_best: Candidate | None, diagnosis: Diagnosis, past: Past = NO_PAST) -> str:
    """Why the winner goes before the candidate that came after it in the order, as a sentence."""
    if next_best is None:
        return "No other candidate is left."
    mine, other = _score(winner, diagnosis, past), _score(next_best, diagnosis, past)
    if mine.key == other.key:
        return "It fits as well and is as small as the next, and it came first."
    if mine.key < other.key and _score(winner, diagnosis).key >= _score(next_best, diagnosis).key:
        told = [_told("its", past.get(winner.approach)), _told("the next's", past.get(next_best.approach))]
        return f"Past proposals for such a failure put it before the next: {'; '.join(text for text in told if text)}."
    if mine.key[0] == other.key[0]:
        return f"It fits as well as the next and is the smaller change ({mine.size} lines against {other.size})."
    text = f"It fits the code around it better than the next ({winner.fit:.2f} against {next_best.fit:.2f})"
    if winner.answer == diagnosis.answer != next_best.answer:
        text += f" and gives the answer that is wanted here ({diagnosis.answer.value.replace('_', ' ')})"
    return text + "."


def asked_for(candidate: Candidate, asked: str, turned_down: Candidate) -> str:
    """The HTTP status that a person asks for and this candidate answers with, unlike the one before; "" when none."""
    mine = set(_STATUS.findall(candidate.summary)) - set(_STATUS.findall(turned_down.summary))
    return next((status for status in _STATUS.findall(asked) if status in mine), "")


def why_not(guess: Candidate, diagnosis: Diagnosis) -> str:
    """Why what passed every test is not proposed."""
    sure = sureness(guess, diagnosis)
    if sure >= SURE:
        return "it passes every test, but people refused such proposals before; a person has to decide"
    return (
        "it passes every test, but nothing in the code shows that this is the answer that is wanted "
        f"({sure:.2f}, and {SURE:.2f} is needed); a person has to decide"
    )


def _told(whose: str, outcomes: Outcomes | None) -> str:
    """As `of the next's 0 merged, 3 rejected`."""
    if outcomes is None:
        return ""
    counts = (
        (outcomes.changed, "changed before the merge"),
        (outcomes.rejected, "rejected"),
        (outcomes.rolled_back, "rolled back"),
    )
    parts = [f"{outcomes.merged} merged", *(f"{count} {word}" for count, word in counts if count)]
    return f"of {whose} {', '.join(parts)}"


def _score(candidate: Candidate, diagnosis: Diagnosis, past: Past = NO_PAST) -> Score:
    wanted = ANSWER_WEIGHT if candidate.answer == diagnosis.answer else 0.0
    return Score(
        candidate.fit + wanted + _learned_of(candidate.approach, past),
        sum(size_of(change) for change in candidate.changes),
    )


def _learned_of(approach: str, past: Past) -> float:
    known = past.get(approach)
    return learned(known) if known is not None else 0.0
