"""A dict or set changed in the loop over it: the loop runs over a copy."""

from __future__ import annotations

from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.edits import Replace
from healer.syntax.situation import Situation

CATEGORIES = ("changed-while-iterated",)
NAME = "changed-while-iterated"


def draft(s: Situation) -> Iterator[Draft]:
    for rank, (_, iterated) in enumerate(s.crash.pairs[:3]):
        text = s.module.text(iterated)
        edits = ((s.module, Replace(iterated, f"list({text})")),)
        yield Draft(f"Loop over a copy of {text}", edits, Answer.CORRECT, 0.9 - 0.1 * rank)
