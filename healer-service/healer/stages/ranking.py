"""Orders candidates before they are tried, so that the first one that stands is the one to propose. It judges none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from healer.model import Candidate, Diagnosis

ANSWER_WEIGHT = 0.06
"""What the wanted kind of answer is worth beside the fit: it breaks near-ties, a clear convention of the code wins."""
NEAR = 0.02
MODEL_FIT = 0.6
"""What an answer of the model may be expected to fit, before it is written: a playbook that fits better goes first."""


@dataclass(frozen=True)
class Score:
    value: float
    size: int  # changed lines

    @property
    def key(self) -> tuple[float, int]:
        return (-round(self.value / NEAR) * NEAR, self.size)


def order(candidates: Iterable[Candidate], diagnosis: Diagnosis) -> tuple[Candidate, ...]:
    """Best first: by fit with the code's conventions and the wanted answer, then the smallest change."""
    return tuple(sorted(candidates, key=lambda candidate: _score(candidate, diagnosis).key))


def around_model(
    ordered: Sequence[Candidate], diagnosis: Diagnosis
) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """Candidates that go before the model's answers, and those that come after them."""
    before = tuple(candidate for candidate in ordered if _score(candidate, diagnosis).value >= MODEL_FIT)
    return before, tuple(candidate for candidate in ordered if candidate not in before)


def why(winner: Candidate, next_best: Candidate | None, diagnosis: Diagnosis) -> str:
    """Why the winner goes before the candidate that came after it in the order, as a sentence."""
    if next_best is None:
        return "No other candidate is left."
    mine, other = _score(winner, diagnosis), _score(next_best, diagnosis)
    if mine.key == other.key:
        return "It fits as well and is as small as the next, and it came first."
    if mine.key[0] == other.key[0]:
        return f"It fits as well as the next and is the smaller change ({mine.size} lines against {other.size})."
    text = f"It fits the code around it better than the next ({winner.fit:.2f} against {next_best.fit:.2f})"
    if winner.answer == diagnosis.answer != next_best.answer:
        text += f" and gives the answer that is wanted here ({diagnosis.answer.value.replace('_', ' ')})"
    return text + "."


def _score(candidate: Candidate, diagnosis: Diagnosis) -> Score:
    wanted = ANSWER_WEIGHT if candidate.answer == diagnosis.answer else 0.0
    return Score(candidate.fit + wanted, _changed_lines(candidate))


def _changed_lines(candidate: Candidate) -> int:
    """Lines added and removed."""
    count = 0
    for change in candidate.changes:
        lines = difflib.unified_diff(change.before.splitlines(), change.after.splitlines(), lineterm="", n=0)
        count += sum(1 for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))
    return count
