"""Drafts that widen an except clause which already refuses, for the error it forgot.

They add no new way to refuse.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from healer.stages.playbooks.drafts import Draft, answer_of
from healer.syntax.edits import AddImport, Replace
from healer.syntax.project import Module
from healer.syntax.situation import Situation

_BROAD = {"Exception", "BaseException"}


def widened(s: Situation, errors: str, imports: tuple[AddImport, ...] = ()) -> Iterator[Draft]:
    """At the crash and at each call on the stack: a try whose handler refuses, for other errors than this one."""
    for module, line in _lines(s):
        for node in module.nodes:
            if not isinstance(node, ast.Try) or not node.body[0].lineno <= line <= (node.body[-1].end_lineno or 0):
                continue
            for handler in node.handlers:
                refusal = next((r for r in s.refusals.all if r.node in handler.body), None)
                if handler.type is None or refusal is None or _catches(handler.type) & _BROAD:
                    continue
                parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
                known = [ast.unparse(part) for part in parts]
                if errors in known:
                    continue
                code = f"({', '.join([*known, errors])})"
                edits = ((module, Replace(handler.type, code)), *((module, added) for added in imports))
                summary = f"Refuse {errors} like {known[0]}, with {refusal.status}"
                yield Draft(summary, edits, answer_of(refusal.status or 400), 0.94)


def _catches(node: ast.expr) -> set[str]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return {ast.unparse(part).rpartition(".")[2] for part in parts}


def _lines(s: Situation) -> Iterator[tuple[Module, int]]:
    for frame in reversed(s.report.app_frames):
        module = s.project.modules.get(frame.file)
        if module is not None:
            yield module, frame.line
