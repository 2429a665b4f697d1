"""Orders judged candidates: which of several that work is the one to propose, and why. It judges none of them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from healer.model import Candidate, Diagnosis, Verdict

ANSWER_WEIGHT = 0.06
"""What the wanted kind of answer is worth beside the fit: it breaks near-ties, a clear convention of the code
wins.
"""
NEAR = 0.02


@dataclass(frozen=True)
class Score:
    value: float
    size: int  # changed lines

    @property
    def key(self) -> tuple[float, int]:
        return (-round(self.value / NEAR) * NEAR, self.size)


def rank(verdicts: Sequence[Verdict], diagnosis: Diagnosis) -> tuple[Verdict, ...]:
    """Accepted first: by fit with the code's conventions and the wanted answer, then the smallest change.

    The first one's reason tells why it won, those of other accepted ones why they did not. Refused ones keep their
    order and reason.
    """
    accepted = sorted((v for v in verdicts if v.accepted), key=lambda v: _score(v.candidate, diagnosis).key)
    refused = [v for v in verdicts if not v.accepted]
    if not accepted:
        return tuple(refused)
    winner = accepted[0]
    ranked = [replace(winner, reason=_won(winner, accepted[1:], diagnosis))]
    ranked += [replace(v, reason=_lost(v, winner, diagnosis)) for v in accepted[1:]]
    return (*ranked, *refused)


def _score(candidate: Candidate, diagnosis: Diagnosis) -> Score:
    wanted = ANSWER_WEIGHT if candidate.answer == diagnosis.answer else 0.0
    return Score(candidate.fit + wanted, changed_lines(candidate))


def changed_lines(candidate: Candidate) -> int:
    """Lines added and removed."""
    count = 0
    for change in candidate.changes:
        lines = difflib.unified_diff(change.before.splitlines(), change.after.splitlines(), lineterm="", n=0)
        count += sum(1 for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))
    return count


def _won(winner: Verdict, others: Sequence[Verdict], diagnosis: Diagnosis) -> str:
    reason = winner.reason.rstrip(". ") or "It works"
    if not others:
        return f"{reason}. Chosen as the only candidate that was accepted."
    mine, next_best = _score(winner.candidate, diagnosis), _score(others[0].candidate, diagnosis)
    if mine.key[0] == next_best.key[0]:
        why = f"as good a fit as the next and the smaller change ({mine.size} lines against {next_best.size})"
        if mine.size == next_best.size:
            why = "as good a fit and as small as the next, and it came first"
    else:
        why = (
            f"it fits the conventions around it best ({winner.candidate.fit:.2f} against {others[0].candidate.fit:.2f})"
        )
        if winner.candidate.answer == diagnosis.answer != others[0].candidate.answer:
            why += f" and gives the answer that is wanted here ({diagnosis.answer.value.replace('_', ' ')})"
    return f"{reason}. Chosen of {len(others) + 1} that work: {why}."


def _lost(verdict: Verdict, winner: Verdict, diagnosis: Diagnosis) -> str:
    reason = verdict.reason.rstrip(". ") or "It works"
    mine, best = _score(verdict.candidate, diagnosis), _score(winner.candidate, diagnosis)
    why = "a larger change for the same fit" if mine.key[0] == best.key[0] else "it fits the code around it less well"
    return f"{reason}. Not chosen: {why} (“{winner.candidate.summary}” won)."
