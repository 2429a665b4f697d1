"""A helper's own error that a loop on the stack catches for one bad item of many, and goes on with the others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from healer.model import Answer
from healer.stages.playbooks.drafts import Draft
from healer.syntax.bailouts import loop_of
from healer.syntax.situation import Situation
from healer.syntax.statuses import caught_by


def given_up_outside(s: Situation, drafts: Iterator[Draft]) -> Iterator[Draft]:
    """A helper's refusal that a loop on the stack takes for one bad item of many is no refusal of the request."""
    going_on = _errors_taken(s)
    for one in drafts:
        code = "".join(getattr(edit, "code", "") for _, edit in one.edits)
        raised = {name.rpartition(".")[2] for name in re.findall(r"\braise ([\w.]+)\(", code)}
        if raised and raised <= going_on:
            yield Draft(one.summary, one.edits, Answer.CORRECT, one.fit + 0.2)
        else:
            yield one


def _errors_taken(s: Situation) -> set[str]:
    """What handlers in a loop on the stack catch without refusing, as long as they keep it in a list."""
    found: set[str] = set()
    for frame in s.report.app_frames[:-1]:
        module = s.project.modules.get(frame.file)
        for node in module.nodes if module is not None else ():
            if not isinstance(node, ast.Try) or module is None or loop_of(module, node) is None:
                continue
            if not node.body[0].lineno <= frame.line <= (node.body[-1].end_lineno or 0):
                continue
            for handler in node.handlers:
                if not any(r.node in handler.body for r in s.refusals.all):
                    found |= caught_by(handler)
    return found - {"Exception", "BaseException"}
